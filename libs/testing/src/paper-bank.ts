/** The other side of the files, for specs: reads what the hub has sent, and writes what a bank would answer. */

/** A transaction of a pain.001 or pain.008. */
export interface SentTransaction {
  endToEndId: string;
  amount: string;
  currency: string;
  account: string;
}

export interface SentFile {
  messageId: string;
  transactions: SentTransaction[];
}

const between = (text: string, element: string): string[] =>
  [...text.matchAll(new RegExp(`<${element}(?: [^>]*)?>(.*?)</${element}>`, 'gs'))].map(([, inner = '']) => inner);

const idIn = (account: string): string => between(account, 'IBAN')[0] ?? between(between(account, 'Othr')[0] ?? '', 'Id')[0] ?? '';

/** What the hub has sent. */
export function readSent(xml: string): SentFile {
  const isDebit = xml.includes('CstmrDrctDbtInitn');
  const transactions = between(xml, isDebit ? 'DrctDbtTxInf' : 'CdtTrfTxInf').map((transaction): SentTransaction => {
    const [, currency = '', amount = ''] = /<InstdAmt Ccy="([A-Z]{3})">([\d.]+)</.exec(transaction) ?? [];
    const account = between(transaction, isDebit ? 'DbtrAcct' : 'CdtrAcct')[0] ?? '';
    return { endToEndId: between(transaction, 'EndToEndId')[0] ?? '', amount, currency, account: idIn(account) };
  });
  return { messageId: between(xml, 'MsgId')[0] ?? '', transactions };
}

/** A line that the bank has booked. */
export interface BookedLine {
  /** As on paper: `9.00`. */
  amount: string;
  currency?: string;
  /** `debit`: it went out. */
  direction: 'credit' | 'debit';
  endToEndId?: string;
  debtor?: string;
  creditor?: string;
  reference?: string;
  /** Code of a sub-family, such as CHRG. */
  subFamily?: string;
  /** PDNG is not booked. */
  status?: string;
  isReturn?: boolean;
}

export interface StatementPaper {
  id: string;
  sequence?: number;
  account?: string;
  currency?: string;
  /** Minor units of two decimals. */
  openingMinor: number;
  /** Left out: as it should be. */
  closingMinor?: number;
  lines: BookedLine[];
}

export const hubAccount = 'DE89370400440532013000';

const decimal = (minor: number): string => (Math.abs(minor) / 100).toFixed(2);
const indicator = (minor: number): string => (minor < 0 ? 'DBIT' : 'CRDT');
const accountXml = (name: string, account: string | undefined): string =>
  account === undefined
    ? ''
    : `<${name}><Id>${/^[A-Z]{2}\d{2}/.test(account) ? `<IBAN>${account}</IBAN>` : `<Othr><Id>${account}</Id></Othr>`}</Id></${name}>`;

function entryXml(line: BookedLine, currency: string): string {
  const { amount, direction, endToEndId, debtor, creditor, reference, subFamily, status = 'BOOK', isReturn } = line;
  const way = direction === 'debit' ? 'DBIT' : 'CRDT';
  const money = `<Amt Ccy="${line.currency ?? currency}">${amount}</Amt><CdtDbtInd>${way}</CdtDbtInd>`;
  const refs = endToEndId === undefined ? '' : `<Refs><EndToEndId>${endToEndId}</EndToEndId></Refs>`;
  const parties = `${accountXml('DbtrAcct', debtor)}${accountXml('CdtrAcct', creditor)}`;
  const code = `<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>${subFamily ?? 'ESCT'}</SubFmlyCd></Fmly></Domn></BkTxCd>`;
  const details = [
    refs,
    money,
    parties && `<RltdPties>${parties}</RltdPties>`,
    reference && `<RmtInf><Ustrd>${reference}</Ustrd></RmtInf>`,
    isReturn && '<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>',
  ];
  const booked = '<BookgDt><Dt>2026-02-03</Dt></BookgDt>';
  return `<Ntry>${money}<Sts><Cd>${status}</Cd></Sts>${booked}${code}<NtryDtls><TxDtls>${details.filter(Boolean).join('')}</TxDtls></NtryDtls></Ntry>`;
}

const minorOf = ({ amount, direction, status = 'BOOK' }: BookedLine): number =>
  status === 'BOOK' ? Math.round(Number(amount) * 100) * (direction === 'debit' ? -1 : 1) : 0;

/** What an account has at the end of a statement. */
export const closingOf = ({ openingMinor, lines }: Pick<StatementPaper, 'openingMinor' | 'lines'>): number =>
  openingMinor + lines.reduce((sum, line) => sum + minorOf(line), 0);

const balance = (code: string, minor: number, currency: string): string =>
  `<Bal><Tp><CdOrPrtry><Cd>${code}</Cd></CdOrPrtry></Tp><Amt Ccy="${currency}">${decimal(minor)}</Amt><CdtDbtInd>${indicator(minor)}</CdtDbtInd><Dt><Dt>2026-02-03</Dt></Dt></Bal>`;

const documentOf = (message: string, body: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${message}">${body}</Document>\n`;

const header = (id: string): string => `<GrpHdr><MsgId>${id}</MsgId><CreDtTm>2026-02-03T06:00:00Z</CreDtTm></GrpHdr>`;

/** camt.053.001.08 */
export function statementFile(paper: StatementPaper): string {
  const { id, sequence, account = hubAccount, currency = 'EUR', openingMinor, lines, closingMinor = closingOf(paper) } = paper;
  const number = sequence === undefined ? '' : `<ElctrncSeqNb>${sequence}</ElctrncSeqNb>`;
  const of = `<Acct><Id><IBAN>${account}</IBAN></Id><Ccy>${currency}</Ccy></Acct>`;
  const entries = lines.map((line) => entryXml(line, currency)).join('\n');
  const balances = balance('OPBD', openingMinor, currency) + balance('CLBD', closingMinor, currency);
  const statement = `<Stmt><Id>${id}</Id>${number}<CreDtTm>2026-02-03T06:00:00Z</CreDtTm>${of}${balances}\n${entries}</Stmt>`;
  return documentOf('camt.053.001.08', `<BkToCstmrStmt>${header(`M-${id}`)}${statement}</BkToCstmrStmt>`);
}

/** camt.054.001.08 */
export function notificationFile(id: string, lines: BookedLine[], currency = 'EUR'): string {
  const of = `<Acct><Id><IBAN>${hubAccount}</IBAN></Id><Ccy>${currency}</Ccy></Acct>`;
  const entries = lines.map((line) => entryXml(line, currency)).join('');
  const notification = `<Ntfctn><Id>${id}</Id><CreDtTm>2026-02-03T06:00:00Z</CreDtTm>${of}${entries}</Ntfctn>`;
  return documentOf('camt.054.001.08', `<BkToCstmrDbtCdtNtfctn>${header(`M-${id}`)}${notification}</BkToCstmrDbtCdtNtfctn>`);
}

export interface ReportPaper {
  messageId: string;
  message?: string;
  groupStatus?: string;
  groupReason?: string;
  /** By end-to-end id. */
  transactions?: Record<string, { status: string; reason?: string }>;
  blockId?: string;
  blockStatus?: string;
}

const reasonXml = (reason: string | undefined): string =>
  reason === undefined ? '' : `<StsRsnInf><Rsn><Cd>${reason}</Cd></Rsn></StsRsnInf>`;

/** pain.002.001.12 */
export function reportFile(id: string, paper: ReportPaper): string {
  const { messageId, message = 'pain.001.001.09', groupStatus, groupReason, transactions = {}, blockId, blockStatus } = paper;
  const status = groupStatus === undefined ? '' : `<GrpSts>${groupStatus}</GrpSts>${reasonXml(groupReason)}`;
  const group = `<OrgnlGrpInfAndSts><OrgnlMsgId>${messageId}</OrgnlMsgId><OrgnlMsgNmId>${message}</OrgnlMsgNmId>${status}</OrgnlGrpInfAndSts>`;
  const each = Object.entries(transactions).map(
    ([endToEndId, told]) =>
      `<TxInfAndSts><OrgnlEndToEndId>${endToEndId}</OrgnlEndToEndId><TxSts>${told.status}</TxSts>${reasonXml(told.reason)}</TxInfAndSts>`,
  );
  const block =
    blockId === undefined && each.length === 0
      ? ''
      : `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${blockId ?? `${messageId}-1`}</OrgnlPmtInfId>${blockStatus === undefined ? '' : `<PmtInfSts>${blockStatus}</PmtInfSts>`}${each.join('')}</OrgnlPmtInfAndSts>`;
  return documentOf('pain.002.001.12', `<CstmrPmtStsRpt>${header(id)}${group}${block}</CstmrPmtStsRpt>`);
}

/** What a bank books for a file that it carries out. */
export const bookedFor = ({ transactions }: SentFile, isDebit = false): BookedLine[] =>
  transactions.map(({ endToEndId, amount, account }) => ({
    amount,
    direction: isDebit ? 'credit' : 'debit',
    endToEndId,
    ...(isDebit ? { debtor: account, creditor: hubAccount } : { debtor: hubAccount, creditor: account }),
  }));
