import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@tongbao/testing';

export const hubAccount = 'DE89370400440532013000';
export const providerAccount = 'IE29AIBK93115212345678';

/** A transaction of a pain.001. */
export interface Transaction {
  endToEndId: string;
  amountMinor: number;
  account: string;
}

const between = (text: string, element: string): string[] =>
  [...text.matchAll(new RegExp(`<${element}(?: [^>]*)?>(.*?)</${element}>`, 'gs'))].map(([, inner = '']) => inner);

/** The other side of a bank that takes files, in euros: carries away what the hub sends, pays it, and says so in statements that follow one another. */
export class PaperBank {
  /** Every file that the hub has ever sent. */
  readonly carried: string[] = [];
  #balanceMinor = 0;
  #statements = 0;

  constructor(private readonly folder: string) {}

  /** Takes the next file away as soon as it is there. @returns what is to be paid */
  async carry(): Promise<Transaction[]> {
    const out = join(this.folder, 'out');
    const [name = ''] = await eventually(
      () => Promise.resolve(readdirSync(out)),
      (names) => names.length > 0,
      60_000,
    );
    const away = join(this.folder, 'carried');
    mkdirSync(away, { recursive: true });
    renameSync(join(out, name), join(away, `${this.carried.length}-${name}`));
    const xml = readFileSync(join(away, `${this.carried.length}-${name}`), 'utf8');
    this.carried.push(name);
    return between(xml, 'CdtTrfTxInf').map((transaction) => ({
      endToEndId: between(transaction, 'EndToEndId')[0] ?? '',
      amountMinor: Math.round(Number(/<InstdAmt [^>]*>([\d.]+)</.exec(transaction)?.[1]) * 100),
      account: between(between(transaction, 'CdtrAcct')[0] ?? '', 'IBAN')[0] ?? '',
    }));
  }

  /** Whether something lies there that nobody has taken. */
  get isLeft(): boolean {
    return readdirSync(join(this.folder, 'out')).length > 0;
  }

  /** Says that a provider has paid in, or that transactions have been paid; a file that is complete when it has its name. */
  state(entries: readonly Transaction[] | { paidInMinor: number }): void {
    this.#statements += 1;
    const opening = this.#balanceMinor;
    const lines = 'paidInMinor' in entries ? [creditOf(entries.paidInMinor)] : entries.map(debitOf);
    this.#balanceMinor += 'paidInMinor' in entries ? entries.paidInMinor : -entries.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
    const xml = statementOf(this.#statements, opening, this.#balanceMinor, lines);
    const path = join(this.folder, 'in', `statement-${this.#statements}.xml`);
    writeFileSync(`${path}.tmp`, xml);
    renameSync(`${path}.tmp`, path);
  }
}

const decimal = (minor: number): string => (Math.abs(minor) / 100).toFixed(2);
const money = (minor: number, way: 'CRDT' | 'DBIT'): string => `<Amt Ccy="EUR">${decimal(minor)}</Amt><CdtDbtInd>${way}</CdtDbtInd>`;
const account = (name: string, iban: string): string => `<${name}><Id><IBAN>${iban}</IBAN></Id></${name}>`;

function entryOf(minor: number, way: 'CRDT' | 'DBIT', debtor: string, creditor: string, reference: string): string {
  const code = '<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>';
  const parties = `<RltdPties>${account('DbtrAcct', debtor)}${account('CdtrAcct', creditor)}</RltdPties>`;
  const details = `<NtryDtls><TxDtls>${reference}${money(minor, way)}${parties}</TxDtls></NtryDtls>`;
  return `<Ntry>${money(minor, way)}<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-02-03</Dt></BookgDt>${code}${details}</Ntry>`;
}

const creditOf = (minor: number): string => entryOf(minor, 'CRDT', providerAccount, hubAccount, '');

const debitOf = ({ endToEndId, amountMinor, account: creditor }: Transaction): string =>
  entryOf(amountMinor, 'DBIT', hubAccount, creditor, `<Refs><EndToEndId>${endToEndId}</EndToEndId></Refs>`);

/** camt.053.001.08 */
function statementOf(number: number, openingMinor: number, closingMinor: number, entries: readonly string[]): string {
  const balance = (code: string, minor: number) =>
    `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp>${money(minor, minor < 0 ? 'DBIT' : 'CRDT')}<Dt><Dt>2026-02-03</Dt></Dt></Bal>`;
  const of = `<Acct><Id><IBAN>${hubAccount}</IBAN></Id><Ccy>EUR</Ccy></Acct>`;
  const made = '<CreDtTm>2026-02-03T06:00:00Z</CreDtTm>';
  const balances = balance('OPBD', openingMinor) + balance('CLBD', closingMinor);
  const statement = `<Stmt><Id>S${number}</Id><ElctrncSeqNb>${number}</ElctrncSeqNb>${made}${of}${balances}${entries.join('')}</Stmt>`;
  const body = `<BkToCstmrStmt><GrpHdr><MsgId>M${number}</MsgId>${made}</GrpHdr>${statement}</BkToCstmrStmt>`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">${body}</Document>\n`;
}
