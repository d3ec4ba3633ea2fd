import type { AccountNumber, Agent, Party, Remittance } from './parties.js';
import { element, value } from './xml.writer.js';

/** PartyIdentification135 */
export const partyXml = (name: string, { name: partyName, address, organisationId }: Party): string =>
  element(
    name,
    value('Nm', partyName),
    element(
      'PstlAdr',
      value('StrtNm', address?.street),
      value('BldgNb', address?.buildingNumber),
      value('PstCd', address?.postCode),
      value('TwnNm', address?.town),
      value('Ctry', address?.country),
      ...(address?.lines ?? []).map((line) => value('AdrLine', line)),
    ),
    element(
      'Id',
      element('OrgId', element('Othr', value('Id', organisationId?.id), element('SchmeNm', value('Cd', organisationId?.scheme)))),
    ),
  );

/** CashAccount38, CashAccount39: the parts that they share. */
export const accountXml = (name: string, account: AccountNumber, ...more: readonly string[]): string =>
  element(
    name,
    element(
      'Id',
      'iban' in account
        ? value('IBAN', account.iban)
        : element('Othr', value('Id', account.other), element('SchmeNm', value('Cd', account.scheme))),
    ),
    ...more,
  );

/** BranchAndFinancialInstitutionIdentification6; one that is not known is written `NOTPROVIDED`, as the EPC's guidelines say. */
export const agentXml = (name: string, agent: Agent | undefined): string =>
  element(name, element('FinInstnId', agent === undefined ? element('Othr', value('Id', 'NOTPROVIDED')) : agentId(agent)));

const agentId = (agent: Agent): string =>
  'bic' in agent
    ? value('BICFI', agent.bic) + value('Nm', agent.name)
    : element('ClrSysMmbId', element('ClrSysId', value('Cd', agent.clearingSystem)), value('MmbId', agent.memberId)) +
      value('Nm', agent.name);

/** RemittanceInformation16: free text, or a creditor's reference (ISO 11649 where its scheme is SCOR). */
export const remittanceXml = (remittance: Remittance | undefined): string => {
  if (remittance === undefined) return '';
  if ('lines' in remittance) return element('RmtInf', ...remittance.lines.map((line) => value('Ustrd', line)));
  const type = element('Tp', element('CdOrPrtry', value('Cd', 'SCOR')));
  return element('RmtInf', element('Strd', element('CdtrRefInf', type, value('Ref', remittance.creditorReference))));
};
