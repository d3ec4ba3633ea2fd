import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { BankFileEvent, InstructionEvent, PayoutRunEvent } from '@tongbao/contracts';
import { Crash, CrashPlan } from '../test/crash.js';
import { FileBankHub, type FileBankStart } from '../test/file-bank-hub.js';
import { TestHub } from '../test/hub.js';
import { bookedFor, readSent, reportFile, statementFile } from '@tongbao/testing';
import { durableEffects } from './file-bank.folder.js';

/** More effects than a day with the bank has: the last plans kill nothing. */
const effects = 22;

let hub: TestHub;
let survived = 0;
let days = 0;

beforeAll(async () => {
  hub = await TestHub.start();
}, 180_000);

afterAll(() => hub.stop());

describe('a day with a bank of files whose process is killed', () => {
  const plans = (['before', 'after'] as const).flatMap((when) => Array.from({ length: effects }, (_, index) => [when, index + 1] as const));

  it.each(plans)('just %s its effect %i ends as if it had not been', async (when, at) => {
    const name = `c${(days += 1)}`;
    const files = new FileBankHub(hub, { name });
    const plan = new CrashPlan(at, when);
    const killed = files.start(plan.storeOf(hub.store), plan.effectsOf(durableEffects));
    const sent: string[] = [];
    try {
      await survive(plan, killed, files, (start) => day(start, files, name, sent));
      const { messageId, transactions } = readSent(sent[0] ?? '');
      expect([sent.length, messageId, transactions.length]).toEqual([1, `${name}-20260202-000001P-1`, 2]);
      const run = (await hub.store.read<PayoutRunEvent>(`payoutrun-${name}_000001`)).map(({ event }) => event.type);
      expect(run).toEqual(['RunClosed', 'RunReleased', 'RunFilesPrepared', 'RunFilesWritten']);
      const accepted = (await hub.store.read<BankFileEvent>(`bankfile-${name}`)).map(({ event }) => event.type);
      expect(accepted).toEqual(['BankFileAccepted', 'BankFileAccepted']);
      const { bank } = files.start();
      expect(await bank.statement(0, 10)).toMatchObject([{ key: `${name}-p2`, amountMinor: -900 }]);
      expect([await bank.status(`${name}-p1`, 1), await bank.status(`${name}-p2`, 1)]).toEqual([{ rejected: 'AC04' }, 'accepted']);
      expect([files.files('in'), files.files('out'), files.files('ready'), files.files('done').length]).toEqual([[], [], [], 2]);
      if (!plan.isDead) survived += 1;
    } finally {
      files.remove();
    }
  });

  it('was killed at every effect it has', () => expect(survived).toBeGreaterThan(0));
});

describe('a status report that two people hand in', () => {
  /** A rejection each, and the file. */
  const effectsOfReport = 3;
  const plans = (['before', 'after'] as const).flatMap((when) =>
    Array.from({ length: effectsOfReport + 1 }, (_, index) => [when, index + 1] as const),
  );

  it.each(plans)(
    'and whose process is killed just %s effect %i of the second one counts once, when it is handed in again',
    async (when, at) => {
      const name = `c${(days += 1)}`;
      const files = new FileBankHub(hub, { name });
      try {
        const first = files.start();
        await first.process.run();
        for (const key of ['p1', 'p2']) await instruct(first, `${name}-${key}`);
        files.clock.set('2026-02-02T15:00:00Z');
        await hub.projected();
        await first.process.run();
        await hub.projected();
        const { messageId } = readSent(files.collect()[0] ?? '');
        const bytes = Buffer.from(reportFile('R1', { messageId, groupStatus: 'RJCT', groupReason: 'FF01' }));
        expect(await first.intake.take({ bytes }, 'r.xml', 'operator:fin')).toMatchObject({ outcome: 'proposed' });

        const plan = new CrashPlan(at, when);
        const handIn = ({ intake }: FileBankStart) =>
          intake.take({ bytes }, 'r.xml', 'operator:boss').then(({ outcome }) => expect(outcome).toBe('accepted'));
        await survive(plan, files.start(plan.storeOf(hub.store)), files, handIn);
        expect(plan.isDead).toBe(at <= effectsOfReport);
        const register = await hub.store.read<BankFileEvent>(`bankfile-${name}`);
        expect(register.map(({ event }) => event.type)).toEqual(['BankFileProposed', 'BankFileAccepted']);
        for (const key of ['p1', 'p2']) {
          const told = await hub.store.read<InstructionEvent>(`instruction-${name}-${key}`);
          expect(told.map(({ event }) => event.type)).toEqual(['InstructionTaken', 'InstructionRejected']);
        }
      } finally {
        files.remove();
      }
    },
  );
});

async function instruct({ bank }: FileBankStart, key: string): Promise<void> {
  const account = { accountNumber: 'NL91ABNA0417164300', holder: 'Holder of A', reference: 'settlement s1' };
  await bank.instruct({ key, attempt: 1, direction: 'payout', amountMinor: 900, currency: 'EUR', ...account });
}

/** Two instructions go out; one is rejected, the other paid. */
async function day(start: FileBankStart, files: FileBankHub, name: string, sent: string[]): Promise<void> {
  const { process } = start;
  for (const key of ['p1', 'p2']) await instruct(start, `${name}-${key}`);
  files.clock.set('2026-02-02T15:00:00Z');
  await hub.projected();
  await process.run();
  // Whatever lies there is taken to the bank, at once: a second file would be a second payment.
  sent.push(...files.collect());
  if (files.files('done').length === 0 && files.files('in').length === 0) {
    const [file] = sent.map(readSent);
    if (!file) throw new Error('nothing was sent');
    const [first, second] = file.transactions;
    if (!first || !second) throw new Error('something is missing in the file');
    files.send(
      'r.xml',
      reportFile('R1', { messageId: file.messageId, transactions: { [first.endToEndId]: { status: 'RJCT', reason: 'AC04' } } }),
    );
    files.send('s.xml', statementFile({ id: name, openingMinor: 100_000, lines: bookedFor({ ...file, transactions: [second] }) }));
  }
  await hub.projected();
  await process.run();
  await hub.projected();
}

/** Runs the work; when the process is killed, a new one begins from what the log and the disk have. */
async function survive(
  plan: CrashPlan,
  killed: FileBankStart,
  files: FileBankHub,
  work: (start: FileBankStart) => Promise<void>,
): Promise<void> {
  try {
    await work(killed);
  } catch (error) {
    const cause = error instanceof Error && error.cause ? error.cause : error;
    if (!(cause instanceof Crash) || !plan.isDead) throw error;
    await work(files.start());
  }
}
