import { BankFileRefused, readNotifications, readPaymentStatus, readStatements, type FileSource, type ReadOptions } from '../src/index.js';
import { all, golden } from './golden.js';

const day = golden('read/camt.053-day.xml');
const root = '/Document/BkToCstmrStmt';
const bomb = `<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>`;
const external = `<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>`;

async function refusal(
  source: FileSource,
  read: typeof readStatements = readStatements,
  options: ReadOptions & { maxDetailsPerEntry?: number } = {},
): Promise<string> {
  try {
    await all(read(source, options));
    return 'read';
  } catch (error) {
    if (!(error instanceof BankFileRefused)) throw error;
    const { code, path, line, detail } = error.problem;
    expect(error.message).toBe(`${code} at ${path}, line ${line ?? 0}: ${detail}`);
    return `${code} ${path.replace(root, '')}:${line ?? 0}`;
  }
}

/** The file of a day with one change, and what becomes of it. */
function changed(from: string | RegExp, to: string): Promise<string> {
  const xml = day.replace(from, to);
  if (xml === day) throw new Error(`${String(from)} is not in the file`);
  return refusal(xml);
}

/** The line of the example, from 1, on which a text begins. */
const lineOf = (text: string | RegExp): number =>
  day.slice(0, typeof text === 'string' ? day.indexOf(text) : day.search(text)).split('\n').length;

it('the example is not refused', async () => expect(await refusal(day)).toBe('read'));

describe('what is no XML', () => {
  it.each<[string, string | Uint8Array, string]>([
    ['nothing at all', '', 'malformed /:1'],
    ['no XML', '{"json":true}', 'malformed /:1'],
    ['two documents', day + day, `malformed /:${day.split('\n').length}`],
    ['an end that is missing', day.slice(0, -30), 'malformed :'],
    [
      'a file that was cut off in an entry',
      day.slice(0, day.indexOf('<AcctSvcrRef>') + 20),
      'malformed /Document/BkToCstmrStmt/Stmt[1]/Ntry[1]/AcctSvcrRef:',
    ],
    ['tags that cross', day.replace('</Cd></Sts>', '</Sts></Cd>'), 'malformed /Document/BkToCstmrStmt/Stmt[1]/Ntry[1]/Sts:'],
    ['an ampersand that is not written as one', day.replace('&amp;', '&'), 'malformed'],
    ['a prefix that is not declared', day.replace('<GrpHdr>', '<x:GrpHdr>'), 'malformed /Document/BkToCstmrStmt:'],
    ['an attribute twice', day.replace('<Amt Ccy="EUR">', '<Amt Ccy="EUR" Ccy="USD">'), 'malformed'],
    ['a character that XML does not have', day.replace('Return', 'Re\u0001turn'), 'malformed'],
    ['another version of XML', day.replace('version="1.0"', 'version="1.1"'), 'malformed /:1'],
    ['an unknown entity', day.replace('&amp;', '&nbsp;'), 'malformed'],
  ])('%s', async (_, source, refused) => expect((await refusal(source)).replace(root, '')).toContain(refused.replace(root, '')));
});

describe('what is not UTF-8', () => {
  it.each<[string, string | Uint8Array]>([
    ['says that it is something else', day.replace('encoding="UTF-8"', 'encoding="ISO-8859-1"')],
    ['bytes of GBK', Buffer.concat([Buffer.from('<?xml version="1.0"?><Document>'), Buffer.from([0xcd, 0xa8, 0xb1, 0xa6])])],
    ['UTF-16', Buffer.from(`\ufeff${day}`, 'utf16le')],
    ['a character that is cut off', Buffer.concat([Buffer.from('<?xml version="1.0"?>'), Buffer.from([0xe6, 0x99])])],
  ])('%s', async (_, source) => expect(await refusal(source)).toMatch(/^encoding_unsupported /));
});

describe('document types', () => {
  it.each([
    ['that multiply entities', day.replace('<Document', `${bomb}<Document`).replace('Return', '&b;')],
    ['that fetch files', day.replace('<Document', `${external}<Document`).replace('Return', '&x;')],
    ['that fetch more of themselves', day.replace('<Document', '<!DOCTYPE Document SYSTEM "http://example.com/a.dtd"><Document')],
    ['that do nothing', day.replace('<Document', '<!DOCTYPE Document><Document')],
  ])('%s', async (_, xml) => expect(await refusal(xml)).toBe('doctype_refused /:2'));
});

describe('another message', () => {
  const named = (namespace: string): string =>
    day.replace('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"', `<Document xmlns="${namespace}"`);
  const detail = (xml: string, read = readStatements): Promise<unknown> =>
    all(read(xml)).catch((error: unknown) => (error as BankFileRefused).problem);

  it('an older version is named', async () => {
    expect(await detail(named('urn:iso:std:iso:20022:tech:xsd:camt.053.001.02'))).toEqual({
      code: 'version_unsupported',
      path: '/',
      line: 2,
      detail: 'this is camt.053.001.02; camt.053.001.08 is wanted',
    });
  });
  it('another message is named', async () => {
    expect(await detail(day, readNotifications)).toMatchObject({
      code: 'message_unexpected',
      detail: 'this is camt.053.001.08; camt.054.001.08 is wanted',
    });
    expect(await detail(golden('read/pain.002-partly.xml'))).toMatchObject({
      code: 'message_unexpected',
      detail: 'this is pain.002.001.12; camt.053.001.08 is wanted',
    });
  });
  it.each(['urn:example', '', 'urn:iso:std:iso:20022:tech:xsd:../camt'])('the namespace %j is no message', async (namespace) =>
    expect(await detail(named(namespace))).toMatchObject({ code: 'message_unknown' }),
  );
  it('an envelope around it', async () => {
    expect(await detail('<AppHdr xmlns="urn:iso:std:iso:20022:tech:xsd:head.001.001.01"/>')).toMatchObject({ code: 'message_unknown' });
  });
  it('the empty text does not stand for a namespace', async () => expect(await refusal('<Document/>')).toBe('message_unknown /:1'));
});

describe('what the schema does not allow', () => {
  const entry = '/Stmt[1]/Ntry[1]';
  it.each<[string, string | RegExp, string, string, number?]>([
    ['an element that it does not have', '<AcctSvcrRef>', '<Amout>1</Amout><AcctSvcrRef>', `element_unexpected ${entry}`],
    ['an element of another namespace', '<CdtDbtInd>DBIT', '<CdtDbtInd xmlns="urn:example">DBIT', `element_unexpected ${entry}`],
    [
      'an element too early',
      '<BookgDt><Dt>2026-11-20</Dt></BookgDt>\n        <ValDt><Dt>2026-11-20</Dt></ValDt>',
      '<ValDt><Dt>2026-11-20</Dt></ValDt><BookgDt><Dt>2026-11-20</Dt></BookgDt>',
      `element_unexpected ${entry}`,
    ],
    ['a second amount', '<Amt Ccy="EUR">550.00</Amt>', '<Amt Ccy="EUR">550.00</Amt><Amt Ccy="EUR">1.00</Amt>', `element_repeated ${entry}`],
    ['both of a choice', '<Sts><Cd>BOOK</Cd>', '<Sts><Cd>BOOK</Cd><Prtry>BOOK</Prtry>', `element_unexpected ${entry}/Sts`],
    ['none of a choice', '<Sts><Cd>BOOK</Cd></Sts>', '<Sts></Sts>', `element_missing ${entry}/Sts`],
    ['no amount', '<Amt Ccy="EUR">550.00</Amt>', '', `element_missing ${entry}`, 1],
    ['no status', '<Sts><Cd>BOOK</Cd></Sts>', '', `element_missing ${entry}`, 1],
    ['no balance at all', /<Bal>[^]*?<\/Bal>\s*<Bal>[^]*?<\/Bal>\s*<Bal>[^]*?<\/Bal>/, '', 'element_missing /Stmt[1]', 1],
    [
      'no bank transaction code, which is found at the end',
      '<BkTxCd><Prtry><Cd>CARD</Cd></Prtry></BkTxCd>',
      '',
      'element_missing /Stmt[1]/Ntry[5]',
      1,
    ],
    ['an amount without currency', '<Amt Ccy="EUR">550.00', '<Amt>550.00', `attribute_missing ${entry}/Amt`],
    ['an attribute that it does not have', '<Amt Ccy="EUR">550.00', '<Amt Ccy="EUR" sign="-">550.00', `attribute_unexpected ${entry}/Amt`],
    [
      'an attribute of another namespace',
      '<Amt Ccy="EUR">550.00',
      '<Amt xsi:type="x" Ccy="EUR">550.00',
      `attribute_unexpected ${entry}/Amt`,
    ],
    ['a currency of two letters', '<Amt Ccy="EUR">550.00', '<Amt Ccy="EU">550.00', `value_invalid ${entry}/Amt/@Ccy`],
    ['text between elements', '<AcctSvcrRef>', 'text<AcctSvcrRef>', `text_unexpected ${entry}`],
    ['an element inside a value', '<AcctSvcrRef>', '<AcctSvcrRef><b/>', `element_unexpected ${entry}/AcctSvcrRef`],
    ['a reference that is empty', '<AcctSvcrRef>2026112000017<', '<AcctSvcrRef><', `value_invalid ${entry}/AcctSvcrRef`],
    [
      'a reference of 36 characters',
      '<AcctSvcrRef>2026112000017<',
      `<AcctSvcrRef>${'1'.repeat(36)}<`,
      `value_invalid ${entry}/AcctSvcrRef`,
    ],
    ['a direction that is neither', '<CdtDbtInd>DBIT<', '<CdtDbtInd>DEBIT<', `value_invalid ${entry}/CdtDbtInd`],
    ['a date that is none', '<BookgDt><Dt>2026-11-20<', '<BookgDt><Dt>2026-11-31<', `value_invalid ${entry}/BookgDt/Dt`],
    ['a time that is none', '2026-11-20T16:30:00', '2026-11-20T16:3:00', 'value_invalid /Stmt[1]/Ntry[2]/BookgDt/DtTm'],
    ['an indicator that is neither', '<RvslInd>true', '<RvslInd>yes', 'value_invalid /Stmt[1]/Ntry[2]/RvslInd'],
    [
      'an IBAN of a wrong form',
      'NL91ABNA0417164300',
      'NL9XABNA0417164300',
      'value_invalid /Stmt[1]/Ntry[1]/NtryDtls[1]/TxDtls[1]/RltdPties/CdtrAcct/Id/IBAN',
    ],
    [
      'what we do not read either',
      '<FinInstnId><BICFI>COBADEFFXXX',
      '<FinInstnId><BICFI>COBA',
      'value_invalid /Stmt[1]/Acct/Svcr/FinInstnId/BICFI',
    ],
    ['an amount that is none', '>550.00<', '>five<', `value_invalid ${entry}/Amt`],
    ['an amount below 0', '>550.00<', '>-550.00<', `value_invalid ${entry}/Amt`],
    ['an amount of 19 digits', '>550.00<', '>1234567890123456789<', `value_invalid ${entry}/Amt`],
  ])('%s', async (_, from, to, refused, linesLater = 0) => expect(await changed(from, to)).toBe(`${refused}:${lineOf(from) + linesLater}`));
});

describe('amounts', () => {
  it('with more digits than the currency has', async () => {
    expect(await changed('>550.00<', '>550.001<')).toBe(`amount_precision /Stmt[1]/Ntry[1]/Amt:${lineOf('>550.00<')}`);
    expect(await changed('<Amt Ccy="JPY">120<', '<Amt Ccy="JPY">120.5<')).toBe(
      `amount_precision /Stmt[2]/Bal[1]/Amt:${lineOf('<Amt Ccy="JPY">120<')}`,
    );
  });
  it('beyond the safe integers', async () =>
    expect(await changed('>550.00<', '>90071992547409.92<')).toBe(`amount_too_large /Stmt[1]/Ntry[1]/Amt:${lineOf('>550.00<')}`));
  it('of a currency that is none', async () =>
    expect(await changed('<Amt Ccy="EUR">550.00', '<Amt Ccy="XAU">550.00')).toBe(
      `currency_unknown /Stmt[1]/Ntry[1]/Amt:${lineOf('<Amt Ccy="EUR">550.00')}`,
    ));
  it('of another currency than the account', async () => {
    expect(await changed('<Amt Ccy="EUR">1.50', '<Amt Ccy="USD">1.50')).toBe(
      `currency_differs /Stmt[1]/Ntry[4]/Amt:${lineOf('<Amt Ccy="EUR">1.50')}`,
    );
  });
});

describe('attacks on memory', () => {
  it('a file that is longer than allowed', async () => {
    expect(await refusal(Buffer.from(day), readStatements, { maxBytes: 3000 })).toMatch(/^too_large /);
    expect(await refusal(day, readStatements, { maxBytes: 3000 })).toMatch(/^too_large /);
    expect(await refusal(day, readStatements, { maxBytes: Buffer.byteLength(day) })).toBe('read');
  });
  it('elements within elements', async () => {
    const deep = '<x:a xmlns:x="urn:x">'.repeat(100);
    expect(await refusal(golden('read/camt.054-credits.xml').replace(/<x:Any[^]*?<\/x:Any>/, deep), readNotifications)).toMatch(
      /^too_large /,
    );
  });
  it('a value, a comment, a tag, a document type without an end', async () => {
    const endless = function* (start: string): Generator<string> {
      yield day.slice(0, day.indexOf('<GrpHdr>')) + start;
      for (let count = 0; count < 10_000; count++) yield 'a'.repeat(10_000);
    };
    expect(await refusal(endless('<GrpHdr><MsgId>'))).toMatch(/^too_large /);
    expect(await refusal(endless('<!--'))).toMatch(/^too_large /);
    expect(await refusal(endless('<GrpHdr '))).toMatch(/^too_large /);
    expect(await refusal(endless('<?pi '))).toMatch(/^too_large /);
    expect(await refusal(`<!DOCTYPE ${'a'.repeat(2_000_000)}`)).toMatch(/^too_large /);
  });
  it('a value in many parts', async () => {
    const parts = '<![CDATA[aaaaaaaaaa]]>'.repeat(10_000);
    expect(await changed('Settlement 1', parts)).toMatch(
      /^too_large \/Stmt\[1\]\/Ntry\[1\]\/NtryDtls\[1\]\/TxDtls\[1\]\/RmtInf\/Ustrd\[1\]/,
    );
  });
  it('elements without an end that belong to one', async () => {
    expect(await changed('<RmtInf><Ustrd>', `<RmtInf>${'<Ustrd>a</Ustrd>'.repeat(250_000)}<Ustrd>`)).toMatch(/^too_large /);
  });
  it('an entry with more transactions, or batches, than allowed', async () => {
    expect(await refusal(day, readStatements, { maxDetailsPerEntry: 1 })).toBe('too_large /Stmt[1]/Ntry[1]/NtryDtls[1]/TxDtls[2]:60');
    expect(await refusal(day, readStatements, { maxDetailsPerEntry: 2 })).toBe('read');
    const batch = '<NtryDtls><Btch><MsgId>a</MsgId></Btch></NtryDtls>';
    expect(await refusal(day.replace('<NtryDtls>', `${batch.repeat(3)}<NtryDtls>`), readStatements, { maxDetailsPerEntry: 2 })).toMatch(
      /^too_large .*Btch/,
    );
  });
});

describe('pain.002.001.12', () => {
  const report = golden('read/pain.002-partly.xml');
  it.each([
    ['a transaction outside a block', /<OrgnlPmtInfId>RUN-20-1-1<\/OrgnlPmtInfId>/, 'element_missing'],
    ['a report without its group', /<OrgnlGrpInfAndSts>[^]*<\/OrgnlGrpInfAndSts>/, 'element_missing'],
    ['a status of five letters', 'ACSP</TxSts>', 'value_invalid'],
  ])('%s', async (_, from, code) => {
    const to = code === 'value_invalid' ? 'ACSPX</TxSts>' : '';
    const refused = await all(readPaymentStatus(report.replace(from, to))).catch((error: unknown) => (error as BankFileRefused).problem);
    expect(refused).toMatchObject({ code });
  });
});
