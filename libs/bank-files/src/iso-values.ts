import type { Money } from '@tongbao/money';
import { amountMinorOf, minorOf } from './decimal.js';
import type { AccountNumber, Coded } from './parties.js';
import { BankFileRefused } from './problem.js';
import type { Charge, Charges, Direction, EntryDate, Page, TransactionCode } from './statement.js';
import { at, child, childrenOf, chosen, pathOf, placeOf, textAt, textOf, type XmlNode } from './xml-node.js';

/** Readers of the small things that ISO 20022 messages share. The schema has been checked before. */

/** An amount with its attribute `Ccy`. @throws BankFileRefused for digits beyond the currency's, or an amount beyond the safe integers */
export function moneyOf(node: XmlNode): Money {
  const currency = node.currency ?? '';
  const amountMinor = amountMinorOf(node.text, currency);
  if (typeof amountMinor === 'number') return { amountMinor, currency };
  throw new BankFileRefused({ ...amountMinor, ...placeOf(node) });
}

export const moneyAt = (node: XmlNode | undefined): Money | undefined => (node === undefined ? undefined : moneyOf(node));

/** A sum in a currency that is known from elsewhere. */
export function sumOf(node: XmlNode, currency: string): bigint {
  const sum = minorOf(node.text, currency);
  if (typeof sum === 'bigint') return sum;
  throw new BankFileRefused({ ...sum, ...placeOf(node) });
}

export function directionAt(node: XmlNode): Direction | undefined {
  const text = textAt(node, 'CdtDbtInd');
  if (text === undefined) return undefined;
  return text === 'CRDT' ? 'credit' : 'debit';
}

/** Where the schema makes it compulsory. */
export const directionOf = (node: XmlNode): Direction => (textOf(node, 'CdtDbtInd') === 'CRDT' ? 'credit' : 'debit');

export const signed = (amountMinor: number, direction: Direction): number =>
  direction === 'credit' || amountMinor === 0 ? amountMinor : -amountMinor;

export function codedAt(node: XmlNode | undefined): Coded | undefined {
  const choice = chosen(node);
  if (choice === undefined) return undefined;
  return choice.name === 'Cd' ? { code: choice.text } : { proprietary: choice.text };
}

export function codedOf(node: XmlNode | undefined): Coded {
  const coded = codedAt(node);
  if (coded === undefined) throw new Error(`the schema does not make a code below ${pathOf(node)} compulsory`);
  return coded;
}

export const isTrue = (text: string | undefined): boolean => text === 'true' || text === '1';

/** `Dt` or `DtTm`. */
export function dateAt(node: XmlNode | undefined): EntryDate | undefined {
  const choice = chosen(node);
  if (choice === undefined) return undefined;
  const on = choice.text.slice(0, 10);
  return { on, at: choice.name === 'DtTm' ? choice.text : undefined };
}

/** `CashAccount…`: its `Id`. */
export function accountAt(node: XmlNode | undefined): AccountNumber | undefined {
  const choice = chosen(child(node, 'Id'));
  if (choice === undefined) return undefined;
  if (choice.name === 'IBAN') return { iban: choice.text };
  const scheme = chosen(child(choice, 'SchmeNm'))?.text;
  return { other: textOf(choice, 'Id'), ...(scheme === undefined ? {} : { scheme }) };
}

export function pageAt(node: XmlNode | undefined): Page | undefined {
  const number = textAt(node, 'PgNb');
  return number === undefined ? undefined : { number: Number(number), isLast: isTrue(textAt(node, 'LastPgInd')) };
}

export function transactionCodeAt(node: XmlNode | undefined): TransactionCode | undefined {
  if (node === undefined) return undefined;
  return {
    domain: textAt(node, 'Domn', 'Cd'),
    family: textAt(node, 'Domn', 'Fmly', 'Cd'),
    subFamily: textAt(node, 'Domn', 'Fmly', 'SubFmlyCd'),
    proprietary: textAt(node, 'Prtry', 'Cd'),
    issuer: textAt(node, 'Prtry', 'Issr'),
  };
}

export function chargesAt(node: XmlNode | undefined): Charges | undefined {
  if (node === undefined) return undefined;
  return { total: moneyAt(child(node, 'TtlChrgsAndTaxAmt')), records: childrenOf(node, 'Rcrd').map(chargeOf) };
}

function chargeOf(node: XmlNode): Charge {
  const included = textAt(node, 'ChrgInclInd');
  const type = chosen(child(node, 'Tp'));
  return {
    ...moneyOf(amountNode(node)),
    direction: directionAt(node),
    isIncluded: included === undefined ? undefined : isTrue(included),
    type: type?.name === 'Prtry' ? { proprietary: textOf(type, 'Id') } : codedAt(child(node, 'Tp')),
    bearer: textAt(node, 'Br'),
  };
}

/** `Amt`, where the schema makes it compulsory. */
export function amountNode(node: XmlNode): XmlNode {
  const amount = at(node, 'Amt');
  if (amount === undefined) throw new Error(`the schema does not make Amt of ${pathOf(node)} compulsory`);
  return amount;
}
