import { isCurrency } from '@tongbao/money';
import { isBic, isIban } from './account-rule.js';
import type { AccountNumber, Agent, Party, PostalAddress, Remittance } from './parties.js';
import type { Problem, RefusalCode } from './problem.js';
import { isDate, isDateTime, shown } from './simple-value.js';
import { referenceTrouble, textTrouble, type CharacterSet } from './text-rule.js';

/** Gathers what is wrong with what is to be written; paths are those of the elements that would carry it. */
export class FieldChecks {
  /** @param path of the element that the names of the methods hang below */
  constructor(
    private readonly path: string,
    readonly charset: CharacterSet,
    readonly problems: Problem<RefusalCode>[] = [],
  ) {}

  /** The same list, for elements below another path. */
  below(path: string): FieldChecks {
    return new FieldChecks(path, this.charset, this.problems);
  }

  refuse(name: string, code: RefusalCode, detail: string): void {
    this.problems.push({ code, path: `${this.path}/${name}`, detail });
  }

  text(name: string, text: string | undefined, most: number): void {
    if (text === undefined) return;
    const trouble = textTrouble(text, most, this.charset);
    if (trouble !== undefined) this.refuse(name, trouble.code, trouble.detail);
  }

  reference(name: string, text: string | undefined, most = 35): void {
    if (text === undefined) return;
    const trouble = referenceTrouble(text, most, this.charset);
    if (trouble !== undefined) this.refuse(name, trouble.code, trouble.detail);
  }

  /** A code of one of ISO's external lists: its length is checked, not that the list has it. */
  code(name: string, code: string | undefined, most = 4): void {
    if (code === undefined) return;
    if (!/^[A-Za-z0-9]+$/.test(code) || code.length > most)
      this.refuse(name, 'value_invalid', `${shown(code)} is no code of at most ${most} characters`);
  }

  date(name: string, text: string): void {
    if (!/^\d{4}-\d\d-\d\d$/.test(text) || !isDate(text)) this.refuse(name, 'date_invalid', `${shown(text)} is no date (YYYY-MM-DD)`);
  }

  dateTime(name: string, text: string): void {
    if (!isDateTime(text)) this.refuse(name, 'date_invalid', `${shown(text)} is no date and time`);
  }

  /** Of one instruction: above 0. */
  amount(name: string, amountMinor: number, currency: string): void {
    if (!isCurrency(currency))
      this.refuse(`${name}/@Ccy`, 'currency_unknown', `${shown(currency)} is no ISO 4217 currency with minor units`);
    else if (!Number.isSafeInteger(amountMinor)) this.refuse(name, 'amount_too_large', `${amountMinor} is no safe integer of minor units`);
    else if (amountMinor <= 0) this.refuse(name, 'amount_not_positive', `${amountMinor} minor units cannot be paid`);
  }

  party(name: string, { name: partyName, address, organisationId }: Party, isSepa: boolean): void {
    this.text(`${name}/Nm`, partyName, isSepa ? 70 : 140);
    if (address !== undefined) this.address(`${name}/PstlAdr`, address, isSepa);
    this.reference(`${name}/Id/OrgId/Othr/Id`, organisationId?.id);
    this.code(`${name}/Id/OrgId/Othr/SchmeNm/Cd`, organisationId?.scheme);
  }

  address(name: string, { street, buildingNumber, postCode, town, country, lines = [] }: PostalAddress, isSepa: boolean): void {
    this.text(`${name}/StrtNm`, street, 70);
    this.text(`${name}/BldgNb`, buildingNumber, 16);
    this.text(`${name}/PstCd`, postCode, 16);
    this.text(`${name}/TwnNm`, town, 35);
    if (!/^[A-Z]{2}$/.test(country)) this.refuse(`${name}/Ctry`, 'value_invalid', `${shown(country)} is no country of ISO 3166`);
    for (const [index, line] of lines.entries()) this.text(`${name}/AdrLine[${index + 1}]`, line, 70);
    const most = isSepa ? 2 : 7;
    if (lines.length > most) this.refuse(`${name}/AdrLine`, 'text_too_long', `${lines.length} lines, ${most} are the most`);
  }

  account(name: string, account: AccountNumber): void {
    if ('iban' in account) {
      if (!isIban(account.iban))
        this.refuse(`${name}/Id/IBAN`, 'iban_invalid', `${shown(account.iban)} is no IBAN: its form or its check digits are wrong`);
      return;
    }
    this.reference(`${name}/Id/Othr/Id`, account.other, 34);
    this.code(`${name}/Id/Othr/SchmeNm/Cd`, account.scheme);
  }

  agent(name: string, agent: Agent | undefined): void {
    if (agent === undefined) return;
    this.text(`${name}/FinInstnId/Nm`, agent.name, 140);
    if ('bic' in agent) {
      if (!isBic(agent.bic)) this.refuse(`${name}/FinInstnId/BICFI`, 'bic_invalid', `${shown(agent.bic)} is no BIC`);
      return;
    }
    this.reference(`${name}/FinInstnId/ClrSysMmbId/MmbId`, agent.memberId);
    this.code(`${name}/FinInstnId/ClrSysMmbId/ClrSysId/Cd`, agent.clearingSystem, 5);
  }

  /** The SEPA schemes pay in euro only, and so much at most. */
  sepaAmount(name: string, amountMinor: number, currency: string): void {
    if (currency !== 'EUR') this.refuse(`${name}/@Ccy`, 'sepa_rule', `SEPA pays in EUR, not in ${shown(currency)}`);
    if (amountMinor > 999_999_999_99) this.refuse(name, 'sepa_rule', 'SEPA pays 999,999,999.99 EUR at most');
  }

  sepaAccount(name: string, account: AccountNumber): void {
    if (!('iban' in account)) this.refuse(`${name}/Id`, 'sepa_rule', 'SEPA knows accounts by their IBAN');
  }

  sepaChargeBearer(name: string, chargeBearer: string | undefined): void {
    if (chargeBearer !== undefined && chargeBearer !== 'SLEV')
      this.refuse(name, 'sepa_rule', `SEPA shares charges by its rules (SLEV), not ${chargeBearer}`);
  }

  remittance(name: string, remittance: Remittance | undefined, isSepa: boolean): void {
    if (remittance === undefined) return;
    if ('creditorReference' in remittance) {
      this.reference(`${name}/Strd/CdtrRefInf/Ref`, remittance.creditorReference);
      return;
    }
    for (const [index, line] of remittance.lines.entries()) this.text(`${name}/Ustrd[${index + 1}]`, line, 140);
    if (isSepa && remittance.lines.length > 1)
      this.refuse(`${name}/Ustrd`, 'sepa_rule', `SEPA carries one line, not ${remittance.lines.length}`);
  }
}
