import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ensureTools } from '@tongbao/local-services';
import type { BankFileEvent, BankLineRecorded, InstructionEvent, PayoutEvent, PayoutRunEvent } from '@tongbao/contracts';
import { FileBankHub, type FileBankStart } from '../test/file-bank-hub.js';
import { TestHub } from '../test/hub.js';
import { Market } from '../test/month.js';
import { bookedFor, hubAccount, notificationFile, readSent, reportFile, statementFile, type BookedLine } from '@tongbao/testing';
import { invalid } from '../test/xmllint.js';
import { payoutIdOf } from './payout.js';
import type { BankInstruction } from './bank.js';
import type { FileBankSettings } from './file-bank.settings.js';

let hub: TestHub;
let files: FileBankHub;
let now: FileBankStart;

/** Each of these has an account of its own, with a valid IBAN. */
const accounts = { 'platform:A': 'NL91ABNA0417164300', 'platform:B': 'FR1420041010050500013M02606' };

let banks = 0;
/** Each spec has a bank, and keys, of its own. */
let name: string;
const k = (key: string): string => `${name}-${key}`;
const messageOf = (day: string, sequence: number, file: string): string => `${name}-${day}-00000${sequence}${file}`;

async function open(change: Partial<FileBankSettings> = {}): Promise<void> {
  files = new FileBankHub(hub, { ...change, name });
  now = files.start();
  await now.process.run();
}

beforeAll(async () => {
  await ensureTools(['xmllint']);
  hub = await TestHub.start();
  for (const [party, accountNumber] of Object.entries(accounts))
    await hub.fact(`participant-${party}`, {
      type: 'BankAccountApproved',
      ...{
        party,
        proposalId: 'p1',
        bank: 'x',
        accountNumber,
        holder: `Holder of ${party.slice(-1)}`,
        by: 'operator:kim',
        note: 'called them',
      },
      mandate: { mandateId: `M-${party.slice(-1)}`, signedOn: '2026-01-05' },
      approvedAt: '2026-01-01T00:00:00.000Z',
      inForceAt: '2026-01-01T00:00:00.000Z',
    });
}, 180_000);
beforeEach(async () => {
  name = `b${(banks += 1)}`;
  await open();
});
afterEach(() => files.remove());
afterAll(async () => {
  await hub.projected();
  expect(await hub.projection.rebuild()).toMatchObject({ equal: true, differences: [] });
  await hub.stop();
});

const instruction = (key: string, change: Partial<BankInstruction> = {}): BankInstruction => ({
  key: k(key),
  attempt: 1,
  direction: 'payout',
  amountMinor: 900,
  currency: 'EUR',
  accountNumber: accounts['platform:A'],
  holder: 'Holder of A',
  reference: 'settlement s1',
  ...change,
});
const debit = (key: string): BankInstruction =>
  instruction(key, {
    direction: 'collection',
    accountNumber: accounts['platform:B'],
    route: { mandate: { mandateId: 'M-B', signedOn: '2026-01-05' } },
  });

const events = async <E extends { type: string }>(stream: string): Promise<E[]> =>
  (await hub.store.read<E>(stream)).map(({ event }) => event);
const atCutOff = async (): Promise<void> => {
  files.clock.set('2026-02-02T15:00:00Z');
  await work();
};
const work = async (): Promise<void> => {
  await hub.projected();
  await now.process.run();
  await hub.projected();
};
const opening = { openingMinor: 100_000 };
const register = () => events<BankFileEvent>(`bankfile-${name}`);

describe('a run', () => {
  it('is closed at the cut-off by the wall clock of the bank, and not before; its files are valid, and each goes out once', async () => {
    await now.bank.instruct(instruction('p1'));
    await now.bank.instruct(debit('c1'));
    files.clock.set('2026-02-02T14:59:59Z');
    await work();
    expect(files.files('out')).toEqual([]);
    await atCutOff();
    expect(files.files('out')).toEqual([`${messageOf('20260202', 1, 'D-1')}.xml`, `${messageOf('20260202', 1, 'P-1')}.xml`]);
    expect(await invalid('pain.008.001.08', [files.read('out', `${messageOf('20260202', 1, 'D-1')}.xml`)])).toBe('');
    expect(await invalid('pain.001.001.09', [files.read('out', `${messageOf('20260202', 1, 'P-1')}.xml`)])).toBe('');
    expect(readSent(files.read('out', `${messageOf('20260202', 1, 'P-1')}.xml`))).toEqual({
      messageId: messageOf('20260202', 1, 'P-1'),
      transactions: [{ endToEndId: k('p1'), amount: '9.00', currency: 'EUR', account: accounts['platform:A'] }],
    });
    files.collect();
    await work();
    files.clock.set('2026-02-03T16:00:00Z');
    await work();
    expect(files.files('out')).toEqual([]);
    expect((await events<PayoutRunEvent>(`payoutrun-${name}_000001`)).map(({ type }) => type)).toEqual([
      'RunClosed',
      'RunReleased',
      'RunFilesPrepared',
      'RunFilesWritten',
    ]);
    expect(files.files('ready')).toEqual([]);
  });

  it('that fell into a standstill is made up for once', async () => {
    await now.bank.instruct(instruction('p1'));
    files.clock.set('2026-02-09T10:00:00Z');
    await work();
    await work();
    expect(files.files('out')).toEqual([`${messageOf('20260209', 1, 'P-1')}.xml`]);
  });

  it('has no files where nothing is instructed', async () => {
    await atCutOff();
    expect(files.files('out')).toEqual([]);
    expect(await events(`payoutrun-${name}_000001`)).toEqual([]);
  });

  it.each<[string, Partial<FileBankSettings>, number]>([
    ['as many transactions as a file', { transactionsPerFile: 3 }, 3],
    ['as much as a file in a currency', { sumMinorPerFile: { EUR: 2_700n } }, 3],
  ])('is closed before the cut-off when it has %s', async (_, limits, most) => {
    files.remove();
    await open(limits);
    for (let count = 1; count < most; count += 1) await now.bank.instruct(instruction(`p${count}`));
    await work();
    expect(files.files('out')).toEqual([]);
    await now.bank.instruct(instruction(`p${most}`));
    await work();
    expect(readSent(files.collect()[0] ?? '').transactions).toHaveLength(most);
  });

  it('above the limit waits for an approver, who is not who closed it', async () => {
    files.remove();
    await open({ automaticReleaseUpToMinor: 899 });
    await now.bank.instruct(instruction('p1'));
    await atCutOff();
    expect(files.files('out')).toEqual([]);
    await now.commands.releaseRun(1, { commandId: 'release', by: 'operator:boss' });
    await work();
    expect(files.files('out')).toHaveLength(1);

    await now.bank.instruct(instruction('p2'));
    await hub.projected();
    expect(await now.commands.closeRun({ commandId: 'close', by: 'operator:boss' })).toBe(`${name}-20260202-000002`);
    // Asked again, though there is something new to go out: the answer was lost.
    await now.bank.instruct(instruction('p3'));
    await hub.projected();
    expect(await now.commands.closeRun({ commandId: 'close', by: 'operator:boss' })).toBe(`${name}-20260202-000002`);
    await now.bank.giveUp(k('p3'), 1, 'operator:boss', 'for this test');
    await hub.projected();
    const own = now.commands.releaseRun(2, { commandId: 'own', by: 'operator:boss' });
    await expect(own).rejects.toMatchObject({ code: 'four_eyes' });
    await now.commands.releaseRun(2, { commandId: 'other', by: 'operator:kim' });
    await expect(now.commands.releaseRun(2, { commandId: 'late', by: 'operator:lee' })).rejects.toMatchObject({ code: 'state_conflict' });
    await work();
    expect(files.files('out')).toHaveLength(2);
    await expect(now.commands.closeRun({ commandId: 'empty', by: 'operator:boss' })).rejects.toMatchObject({ code: 'state_conflict' });
    await expect(now.commands.releaseRun(9, { commandId: 'none', by: 'operator:lee' })).rejects.toMatchObject({ code: 'not_found' });
  });

  it('of a bank that is paused neither closes nor goes out', async () => {
    await now.bank.instruct(instruction('p1'));
    await hub.store.append(
      `bank-${name}`,
      'any',
      [{ type: 'PayoutsPaused', bank: name, by: 'operator:fin', reason: 'x', pausedAt: '' } as never],
      {
        commandId: 'pause',
      },
    );
    await atCutOff();
    expect([files.files('out'), await events(`payoutrun-${name}_000001`)]).toEqual([[], []]);
    await hub.store.append(`bank-${name}`, 'any', [{ type: 'PayoutsResumed', bank: name, by: 'operator:fin', resumedAt: '' } as never], {
      commandId: 'resume',
    });
    await work();
    expect(files.files('out')).toHaveLength(1);
  });

  it('can be had again from the log, byte by byte', async () => {
    await now.bank.instruct(instruction('p1'));
    await atCutOff();
    const [text] = files.collect();
    expect(await now.commands.fileText(messageOf('20260202', 1, 'P-1'))).toBe(text);
    await expect(now.commands.fileText(messageOf('20260202', 1, 'P-2'))).rejects.toMatchObject({ code: 'not_found' });
    await expect(now.commands.fileText('elsewhere')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('an instruction', () => {
  it('is taken once for a key, whatever it is given for', async () => {
    await now.bank.instruct(instruction('p1'));
    await now.bank.instruct(instruction('p1', { amountMinor: 901 }));
    await atCutOff();
    expect(readSent(files.collect()[0] ?? '').transactions).toMatchObject([{ endToEndId: k('p1'), amount: '9.00' }]);
    expect(await now.bank.status(k('p1'), 1)).toBe('accepted');
    expect(await now.bank.status(k('p2'), 1)).toBe('unknown');
  });

  it('with a key that is too long, or has other letters, goes by a name that leads back to it', async () => {
    const key = `stl_0a1b2c3d4e5f60718293_platform.${'A'.repeat(30)}`;
    await now.bank.instruct(instruction('p1', { key }));
    await atCutOff();
    const sent = readSent(files.collect()[0] ?? '');
    expect(sent.transactions[0]?.endToEndId).toMatch(/^E2E[A-Z2-7]{32}$/);
    files.send('s.xml', statementFile({ id: '1', ...opening, lines: bookedFor(sent) }));
    await work();
    expect(await now.bank.statement(0, 10)).toMatchObject([{ key, amountMinor: -900, accountNumber: accounts['platform:A'] }]);
  });

  it.each<[string, Partial<BankInstruction>]>([
    ['character_refused', { holder: '平台 A' }],
    // Not an IBAN, so that it is no account of SEPA.
    ['sepa_rule', { accountNumber: 'NL00ABNA0417164300' }],
    ['sepa_rule', { currency: 'USD' }],
    ['mandate_missing', { direction: 'collection' }],
  ])('that no file could have is rejected at once: %s', async (code, change) => {
    expect(await now.bank.instruct(instruction('p1', change))).toEqual({ rejected: code });
    expect(await now.bank.status(k('p1'), 1)).toBe('unknown');
    await atCutOff();
    expect(files.files('out')).toEqual([]);
  });

  it('is kept out of its run while that is open, and no longer', async () => {
    await now.bank.instruct(instruction('p1'));
    await now.bank.instruct(instruction('p2'));
    const asked = { commandId: 'x', by: 'operator:fin' };
    await now.commands.withdraw(k('p1'), 1, 'the account is in doubt', asked);
    expect(await now.bank.status(k('p1'), 1)).toEqual({ rejected: 'withdrawn' });
    await atCutOff();
    expect(readSent(files.collect()[0] ?? '').transactions.map(({ endToEndId }) => endToEndId)).toEqual([k('p2')]);
    await expect(now.commands.withdraw(k('p2'), 1, 'too late', asked)).rejects.toMatchObject({ code: 'state_conflict' });
    expect(await now.bank.status(k('p2'), 1)).toBe('accepted');
    await expect(now.commands.withdraw(k('p3'), 1, 'none', asked)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('given again after it was withdrawn goes out once', async () => {
    await now.bank.instruct(instruction('p1'));
    await now.bank.giveUp(k('p1'), 1, 'operator:fin', 'wrong account');
    await now.bank.instruct(instruction('p1', { attempt: 2, amountMinor: 800 }));
    await atCutOff();
    expect(readSent(files.collect()[0] ?? '').transactions).toMatchObject([{ endToEndId: k('p1'), amount: '8.00' }]);
    expect([await now.bank.status(k('p1'), 1), await now.bank.status(k('p1'), 2)]).toEqual(['accepted', 'accepted']);
  });
});

describe('a status report', () => {
  const sendRun = async () => {
    for (const key of ['p1', 'p2', 'p3']) await now.bank.instruct(instruction(key));
    await atCutOff();
    files.collect();
  };
  const rejections = async () =>
    (await Promise.all(['p1', 'p2', 'p3'].map((key) => events<InstructionEvent>(`instruction-${k(key)}`)))).map((all) =>
      all.flatMap((event) => (event.type === 'InstructionRejected' ? [event.code] : [])),
    );
  const messageId = (): string => messageOf('20260202', 1, 'P-1');

  it.each<[string, () => Parameters<typeof reportFile>[1], string[][]]>([
    [
      'that rejects one',
      () => ({ messageId: messageId(), groupStatus: 'PART', transactions: { [k('p2')]: { status: 'RJCT', reason: 'AC04' } } }),
      [[], ['AC04'], []],
    ],
    ['that rejects the file', () => ({ messageId: messageId(), groupStatus: 'RJCT', groupReason: 'FF01' }), [['FF01'], ['FF01'], ['FF01']]],
    [
      'that rejects a block, but for one',
      () => ({
        messageId: messageId(),
        ...{ groupStatus: 'PART', blockId: `${messageId()}-1`, blockStatus: 'RJCT', transactions: { [k('p3')]: { status: 'ACSP' } } },
      }),
      [['RJCT'], ['RJCT'], []],
    ],
    ['that accepts the file', () => ({ messageId: messageId(), groupStatus: 'ACCP' }), [[], [], []]],
    ['that says it is settled', () => ({ messageId: messageId(), groupStatus: 'ACSC' }), [[], [], []]],
  ])('%s tells of what the bank will not do, and confirms nothing', async (_, paper, expected) => {
    await sendRun();
    files.send('r.xml', reportFile('R1', paper()));
    await work();
    expect(await rejections()).toEqual(expected);
    expect(await now.bank.status(k('p1'), 1)).toEqual(expected[0]?.length ? { rejected: expected[0][0] } : 'accepted');
    expect(await now.bank.statement(0, 10)).toEqual([]);
    expect(await register()).toMatchObject([
      { type: 'BankFileAccepted', message: 'pain.002.001.12', reports: [{ messageId: messageId(), rejected: expected.flat().length }] },
    ]);
  });

  it('on an earlier attempt says nothing of the one that counts', async () => {
    await sendRun();
    files.send('r1.xml', reportFile('R1', { messageId: messageId(), transactions: { [k('p1')]: { status: 'RJCT', reason: 'AC04' } } }));
    await work();
    await now.bank.instruct(instruction('p1', { attempt: 2 }));
    files.send('r2.xml', reportFile('R2', { messageId: messageId(), groupStatus: 'RJCT', groupReason: 'FF01' }));
    await work();
    expect(await now.bank.status(k('p1'), 2)).toBe('accepted');
    expect(await rejections()).toEqual([['AC04'], ['FF01'], ['FF01']]);
  });

  describe('that did not come by itself', () => {
    const paper = () =>
      Buffer.from(reportFile('R1', { messageId: messageId(), transactions: { [k('p1')]: { status: 'RJCT', reason: 'AC04' } } }));
    const upload = (by: string) => now.commands.upload(paper(), 'r.xml', { commandId: 'upload', by });

    it('rejects nothing until another person has handed in the same bytes', async () => {
      await sendRun();
      for (const by of ['operator:fin', 'operator:fin']) {
        expect(await upload(by)).toMatchObject({ outcome: 'proposed' });
        expect([await rejections(), await now.bank.status(k('p1'), 1)]).toEqual([[[], [], []], 'accepted']);
      }
      for (const by of ['operator:boss', 'operator:boss', 'operator:fin']) {
        expect(await upload(by)).toMatchObject({ outcome: 'accepted' });
        expect([await rejections(), await now.bank.status(k('p1'), 1)]).toEqual([[['AC04'], [], []], { rejected: 'AC04' }]);
      }
      expect(await register()).toMatchObject([
        { type: 'BankFileProposed', by: 'operator:fin' },
        { type: 'BankFileAccepted', by: 'operator:boss', proposedBy: 'operator:fin', reports: [{ rejected: 1 }] },
      ]);
    });

    it('rejects once it has come by itself, too', async () => {
      await sendRun();
      await upload('operator:fin');
      files.send('r.xml', paper().toString());
      await work();
      expect(await rejections()).toEqual([['AC04'], [], []]);
      expect((await register()).map(({ type }) => type)).toEqual(['BankFileProposed', 'BankFileAccepted']);
    });

    it('rejects, too, when two people hand it in at the same moment', async () => {
      await sendRun();
      let isFirst = true;
      const store = new Proxy(hub.store, {
        get: (target, member): unknown => {
          const found: unknown = Reflect.get(target, member, target);
          if (typeof found !== 'function') return found;
          return async (...args: unknown[]): Promise<unknown> => {
            if (member === 'append' && isFirst) {
              isFirst = false;
              await upload('operator:fin');
            }
            return Reflect.apply(found, target, args);
          };
        },
      });
      // The other one's proposal comes after this one has read, and before it has written.
      expect(await files.start(store).intake.take({ bytes: paper() }, 'r.xml', 'operator:boss')).toMatchObject({ outcome: 'accepted' });
      expect(await rejections()).toEqual([['AC04'], [], []]);
      expect(await register()).toMatchObject([{ by: 'operator:fin' }, { by: 'operator:boss', proposedBy: 'operator:fin' }]);
    });
  });

  it.each<[string, string, () => Parameters<typeof reportFile>[1]]>([
    ['a file that the hub has not sent', 'message_not_ours', () => ({ messageId: messageOf('20260202', 9, 'P-1'), groupStatus: 'RJCT' })],
    [
      'a transaction that was not in it',
      'transaction_not_ours',
      () => ({ messageId: messageId(), transactions: { other: { status: 'RJCT' } } }),
    ],
  ])('about %s is rejected as a whole', async (_, code, paper) => {
    await sendRun();
    files.send('r.xml', reportFile('R1', paper()));
    await work();
    expect(await register()).toMatchObject([{ type: 'BankFileRejected', problem: { code } }]);
    expect(await rejections()).toEqual([[], [], []]);
  });
});

describe('a statement', () => {
  const credit: BookedLine = {
    amount: '50.00',
    direction: 'credit',
    debtor: accounts['platform:A'],
    creditor: hubAccount,
    reference: 'hello',
  };

  it('is taken in once, by its content, whatever it is called', async () => {
    const text = statementFile({ id: '1', sequence: 1, ...opening, lines: [credit] });
    files.send('a.xml', text);
    await work();
    files.send('b.xml', text);
    await work();
    expect(await now.bank.statement(0, 10)).toHaveLength(1);
    expect([files.files('in'), files.files('done').length, (await register()).length]).toEqual([[], 2, 1]);
    expect(await now.intake.take({ bytes: Buffer.from(text) }, 'c.xml', 'hub')).toMatchObject({ outcome: 'accepted' });
  });

  it('gives its lines in order, over files and chunks, from any number on', async () => {
    const lines = (count: number, from: number): BookedLine[] =>
      Array.from({ length: count }, (_, index) => ({ ...credit, amount: '1.00', reference: `line ${from + index}` }));
    files.send('1.xml', statementFile({ id: '1', sequence: 1, openingMinor: 0, lines: lines(450, 1) }));
    await work();
    files.send('2.xml', reportFile('R1', { messageId: 'x' }));
    files.send('3.xml', statementFile({ id: '2', sequence: 2, openingMinor: 45_000, lines: lines(3, 451) }));
    await work();
    const all = [];
    for (let last = 0; ; last = all.length) {
      const some = await now.bank.statement(last, 100);
      all.push(...some);
      if (some.length < 100) break;
    }
    expect(all.map(({ sequence, reference }) => [sequence, reference])).toEqual(
      Array.from({ length: 453 }, (_, index) => [index + 1, `line ${index + 1}`]),
    );
    expect(await now.bank.statement(448, 4)).toMatchObject([{ sequence: 449 }, { sequence: 450 }, { sequence: 451 }, { sequence: 452 }]);
    expect(await now.bank.statement(453, 10)).toEqual([]);
  });

  it.each<[string, string, () => string]>([
    [
      'that does not come to its closing balance',
      'balances_differ',
      () => statementFile({ id: '1', ...opening, closingMinor: 1, lines: [credit] }),
    ],
    ['of another account', 'account_unknown', () => statementFile({ id: '1', account: 'NL91ABNA0417164300', ...opening, lines: [] })],
    ['that is cut off', 'malformed', () => statementFile({ id: '1', ...opening, lines: [credit] }).slice(0, -40)],
    [
      'with an entry in another currency',
      'currency_differs',
      () => statementFile({ id: '1', ...opening, lines: [{ ...credit, currency: 'USD' }] }),
    ],
    [
      'of a version that nobody has agreed on',
      'version_unsupported',
      () => statementFile({ id: '1', ...opening, lines: [] }).replace('001.08', '001.02'),
    ],
    ['that is no bank file at all', 'malformed', () => 'hello'],
  ])('%s counts not at all, is put aside with a report, and holds up no other', async (_, code, make) => {
    files.send('bad.xml', make());
    files.send('good.xml', statementFile({ id: '2', sequence: 2, ...opening, lines: [credit] }));
    await work();
    expect(await register()).toMatchObject([
      { type: 'BankFileRejected', name: 'bad.xml', problem: { code } },
      { type: 'BankFileAccepted', name: 'good.xml', linesBefore: 0, lines: 1 },
    ]);
    expect(await now.bank.statement(0, 10)).toHaveLength(1);
    expect(files.files('in')).toEqual([]);
    const [aside = '', report = ''] = files.files('rejected');
    expect(aside).toMatch(/^[0-9a-f]{12}-bad\.xml$/);
    expect(JSON.parse(files.read('rejected', report))).toMatchObject({ file: 'bad.xml', problem: { code } });
    expect(await files.queries.rejectedFiles(name)).toBe(1);
  });

  it('that was put aside can be taken in once its cause is mended, and acknowledged', async () => {
    const text = statementFile({ id: '1', account: 'NL91ABNA0417164300', ...opening, lines: [] });
    files.send('bad.xml', text);
    await work();
    const [rejected] = await register();
    const { fileId = '' } = rejected ?? {};
    const asked = { commandId: 'ack', by: 'operator:fin' };
    await now.commands.acknowledge(fileId, 'the account was missing in the settings', asked);
    await hub.projected();
    expect(await files.queries.rejectedFiles(name)).toBe(0);
    await expect(now.commands.acknowledge(fileId, 'again, once more', { ...asked, commandId: 'b' })).rejects.toMatchObject({
      code: 'state_conflict',
    });
    await expect(now.commands.acknowledge('none', 'not there at all', asked)).rejects.toMatchObject({ code: 'not_found' });
    Object.assign(files.settings, { account: 'NL91ABNA0417164300' });
    now = files.start();
    const upload = (by: string) => now.commands.upload(Buffer.from(text), 'bad.xml', { ...asked, by });
    expect(await upload('operator:fin')).toEqual({ fileId, outcome: 'proposed' });
    expect(await upload('operator:fin')).toEqual({ fileId, outcome: 'proposed' });
    expect(await upload('operator:boss')).toEqual({ fileId, outcome: 'accepted' });
    expect((await register()).slice(-2)).toMatchObject([
      { type: 'BankFileProposed', by: 'operator:fin' },
      { type: 'BankFileAccepted', by: 'operator:boss', proposedBy: 'operator:fin' },
    ]);
  });

  it('that was taken from an earlier file is known, though it is written otherwise', async () => {
    files.send('1.xml', statementFile({ id: '1', sequence: 1, ...opening, lines: [credit] }));
    files.send('2.xml', `${statementFile({ id: '1', sequence: 1, ...opening, lines: [credit] })}\n`);
    await work();
    expect((await register()).map((event) => ('problem' in event ? event.problem.code : event.type))).toEqual([
      'BankFileAccepted',
      'statement_known',
    ]);
    expect(await now.bank.statement(0, 10)).toHaveLength(1);
  });

  it('that is missing is missed, by its number or by the balance; one that comes late closes the gap', async () => {
    const [first, second, third] = [
      statementFile({ id: '1', sequence: 1, openingMinor: 0, lines: [credit] }),
      statementFile({ id: '2', sequence: 2, openingMinor: 5_000, lines: [credit] }),
      statementFile({ id: '3', sequence: 3, openingMinor: 10_000, lines: [credit] }),
    ];
    files.send('1.xml', first);
    files.send('3.xml', third);
    await work();
    expect(await files.queries.gaps(name)).toEqual([
      { account: hubAccount, currency: 'EUR', kind: 'number_missing', after: '1', before: '3', detail: 'number 2 is missing' },
    ]);
    files.send('2.xml', second);
    await work();
    expect(await files.queries.gaps(name)).toEqual([]);
    files.send('4.xml', statementFile({ id: '4', sequence: 4, openingMinor: 15_001, lines: [] }));
    await work();
    expect(await files.queries.gaps(name)).toMatchObject([{ kind: 'balance_differs', after: '3', before: '4' }]);
  });

  it('tells a provider’s payout, a charge, and what is only announced', async () => {
    files.send(
      's.xml',
      statementFile({
        id: '1',
        ...opening,
        lines: [
          { amount: '500.00', direction: 'credit', debtor: 'IE29AIBK93115212345678', creditor: hubAccount, reference: 'payout' },
          { amount: '0.35', direction: 'debit', subFamily: 'CHRG', reference: 'fee of February' },
          { ...credit, status: 'PDNG' },
          { ...credit, endToEndId: 'somebody-elses' },
        ],
      }),
    );
    await work();
    expect(await now.bank.statement(0, 10)).toMatchObject([
      { amountMinor: 50_000, provider: 'stripe' },
      { amountMinor: -35, isFee: true },
      { amountMinor: 5_000, accountNumber: accounts['platform:A'] },
    ]);
    expect((await now.bank.statement(0, 10)).some(({ key }) => key !== undefined)).toBe(false);
  });

  it('and a notification of the same: only the statement counts', async () => {
    await now.bank.instruct(instruction('p1'));
    await atCutOff();
    const lines = bookedFor(readSent(files.collect()[0] ?? ''));
    files.send('n.xml', notificationFile('N1', lines));
    await work();
    expect(await now.bank.statement(0, 10)).toEqual([]);
    expect(await register()).toMatchObject([{ type: 'BankFileAccepted', message: 'camt.054.001.08', lines: 0 }]);
    files.send('s.xml', statementFile({ id: '1', ...opening, lines }));
    await work();
    expect(await now.bank.statement(0, 10)).toHaveLength(1);
  });
});

describe('a settlement over files', () => {
  it('goes from the run to the statement: paid, rejected and retried, returned', async () => {
    const market = await Market.open(hub, 'EUR', { change: { collection: 'debit' } });
    market.restart({ bank: now.bank, clock: files.clock });
    files.send(
      's0.xml',
      statementFile({
        id: '0',
        sequence: 1,
        ...opening,
        lines: [{ amount: '100.00', direction: 'credit', debtor: 'IE29AIBK93115212345678' }],
      }),
    );
    await work();
    await market.processes.statement.poll();
    await market.earns('platform:A', 900);
    await market.earns('platform:B', -450);
    const settlementId = await market.settle();
    for (let rounds = 0; rounds < 4; rounds += 1) await market.round(settlementId);
    await atCutOff();
    const [debits = '', transfers = ''] = files.collect();
    const [sent, collected] = [readSent(transfers), readSent(debits)];
    const payoutId = payoutIdOf(settlementId, 'platform:A');
    const steps = async (party: string) => (await events<PayoutEvent>(`payout-${payoutIdOf(settlementId, party)}`)).map(({ type }) => type);
    expect([await steps('platform:A'), await steps('platform:B')].map((all) => all.at(-1))).toEqual([
      'PayoutInstructed',
      'PayoutInstructed',
    ]);

    const endToEndId = sent.transactions[0]?.endToEndId ?? '';
    const report = reportFile('R1', { messageId: sent.messageId, transactions: { [endToEndId]: { status: 'RJCT', reason: 'AC04' } } });
    const handIn = async (by: string): Promise<void> => {
      await now.commands.upload(Buffer.from(report), 'r.xml', { commandId: 'upload', by });
      market.processes.payouts.reconsider(payoutId);
      await market.round(settlementId);
    };
    await handIn('operator:fin');
    expect((await events<InstructionEvent>(`instruction-${payoutId}`)).map(({ type }) => type)).toEqual(['InstructionTaken']);
    expect((await steps('platform:A')).at(-1)).toBe('PayoutInstructed');
    await handIn('operator:boss');
    expect((await events<PayoutEvent>(`payout-${payoutId}`)).at(-1)).toMatchObject({ type: 'PayoutFailed', code: 'AC04' });

    await market.processes.payoutCommands.retry(payoutId, market.command('retry'));
    for (let rounds = 0; rounds < 3; rounds += 1) await market.round(settlementId);
    files.clock.set('2026-02-03T15:00:00Z');
    await work();
    const again = readSent(files.collect()[0] ?? '');
    expect(again).toMatchObject({ messageId: messageOf('20260203', 2, 'P-1'), transactions: [{ endToEndId }] });
    const lines = [...bookedFor(again), ...bookedFor(collected, true)];
    files.send('s1.xml', statementFile({ id: '1', sequence: 2, openingMinor: 110_000, lines }));
    await work();
    await market.untilMarked(settlementId);
    const back: BookedLine = {
      amount: '9.00',
      direction: 'credit',
      endToEndId,
      debtor: hubAccount,
      creditor: accounts['platform:A'],
      isReturn: true,
    };
    files.send('s2.xml', statementFile({ id: '2', sequence: 3, openingMinor: 109_550, lines: [back] }));
    await work();
    await market.processes.statement.poll();
    expect((await events<PayoutEvent>(`payout-${payoutId}`)).at(-1)).toMatchObject({ type: 'PayoutReturned' });
    const recorded = await events<BankLineRecorded>(`reconciliation-bank_${name}`);
    expect(recorded.map(({ amountMinor, match }) => [amountMinor, match.kind])).toEqual([
      [10_000, 'provider_payout'],
      [-900, 'payout'],
      [450, 'payout'],
      [900, 'payout'],
    ]);
    expect(await files.queries.gaps(name)).toEqual([]);
  });
});
