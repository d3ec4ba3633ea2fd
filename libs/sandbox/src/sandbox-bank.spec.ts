import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SandboxBank, type SandboxInstruction } from './sandbox-bank.js';

describe('the sandbox bank', () => {
  let folder: string;
  let bank: SandboxBank;
  const open = () => new SandboxBank({ file: join(folder, 'bank.sqlite'), now: () => new Date('2026-01-02T03:04:05Z') });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sandbox-bank-'));
    bank = open();
  });

  afterEach(() => {
    bank.close();
    rmSync(folder, { recursive: true });
  });

  const instruction = (mood = 'accepts', key = 'p1'): SandboxInstruction => ({
    key,
    direction: 'payout',
    amountMinor: 900,
    currency: 'USD',
    accountNumber: `6222#${mood}`,
    holder: 'A',
    reference: 'settlement s1',
  });
  const amounts = async () => (await bank.statement(0, 100)).map(({ amountMinor }) => amountMinor);

  it('books a payout as money out, with the key and the account it was given', async () => {
    expect(await bank.instruct(instruction())).toBe('accepted');
    expect(await bank.statement(0, 10)).toEqual([
      {
        sequence: 1,
        lineId: 'sandbox_00000001',
        key: 'p1',
        amountMinor: -900,
        currency: 'USD',
        accountNumber: '6222#accepts',
        reference: 'settlement s1',
        bookedAt: '2026-01-02T03:04:05.000Z',
      },
    ]);
  });

  it('books a collection as money in', async () => {
    await bank.instruct({ ...instruction(), direction: 'collection' });
    expect(await amounts()).toEqual([900]);
  });

  it('moves money once for a key, also after a restart', async () => {
    await bank.instruct(instruction());
    bank.close();
    bank = open();
    expect(await bank.instruct(instruction())).toBe('accepted');
    expect(await bank.status('p1')).toBe('accepted');
    expect(await amounts()).toEqual([-900]);
  });

  it('knows nothing of a key that it was not given', async () => {
    expect(await bank.status('p9')).toBe('unknown');
  });

  it('gives the lines after a running number', async () => {
    bank.depositFromProvider('alipay', 5_000, 'USD');
    bank.chargeFee(3, 'USD');
    bank.bookUnexplained(7, 'USD', 'from a stranger');
    expect(await bank.statement(1, 1)).toMatchObject([{ sequence: 2, amountMinor: -3, isFee: true }]);
    expect(await bank.statement(0, 1)).toMatchObject([{ sequence: 1, amountMinor: 5_000, provider: 'alipay' }]);
    expect(await bank.statement(2, 9)).toMatchObject([{ sequence: 3, amountMinor: 7 }]);
  });

  it.each<[string, number[]]>([
    ['confirms-twice', [-900, -900]],
    ['confirms-another-amount', [-899]],
    ['confirms-another-currency', [-900]],
    ['confirms-another-account', [-900]],
    ['never-confirms', []],
    ['returns', [-900, 900]],
  ])('in the mood %s takes the instruction and books its own way', async (mood, expected) => {
    expect(await bank.instruct(instruction(mood))).toBe('accepted');
    expect(await amounts()).toEqual(expected);
  });

  it('rejects, and may take a later instruction under the same key', async () => {
    expect(await bank.instruct(instruction('rejects-once'))).toEqual({ rejected: 'account_closed' });
    expect(await bank.status('p1')).toEqual({ rejected: 'account_closed' });
    expect(await bank.instruct(instruction('rejects-once'))).toBe('accepted');
    expect(await amounts()).toEqual([-900]);
  });

  it('rejects always where it is asked to', async () => {
    await bank.instruct(instruction('rejects'));
    expect(await bank.instruct(instruction('rejects'))).toEqual({ rejected: 'account_closed' });
    expect(await amounts()).toEqual([]);
  });

  it('fails before it has taken anything', async () => {
    await expect(bank.instruct(instruction('drops-once'))).rejects.toThrow('lost');
    expect(await bank.status('p1')).toBe('unknown');
    expect(await bank.instruct(instruction('drops-once'))).toBe('accepted');
  });

  it('never can be reached about an account that it drops', async () => {
    for (let tries = 0; tries < 3; tries += 1) await expect(bank.instruct(instruction('drops'))).rejects.toThrow('lost');
    expect(await bank.status('p1')).toBe('unknown');
    expect(await amounts()).toEqual([]);
  });

  it('says of a rejection which instruction it was of', async () => {
    await bank.instruct({ ...instruction('rejects'), attempt: 1 });
    expect(await bank.status('p1', 1)).toEqual({ rejected: 'account_closed' });
    expect(await bank.status('p1', 2)).toBe('unknown');
  });

  it('takes back once its line was read what it is to return later', async () => {
    await bank.instruct(instruction('returns-later'));
    expect(await amounts()).toEqual([-900]);
    expect(await bank.statement(1, 10)).toMatchObject([{ key: 'p1', amountMinor: 900, isReturn: true }]);
    expect(await amounts()).toEqual([-900, 900]);
  });

  it('takes an instruction and never answers', async () => {
    const answer = bank.instruct(instruction('never-answers')).then(() => 'answered');
    expect(await bank.status('p1')).toBe('accepted');
    expect(await Promise.race([answer, Promise.resolve('no answer')])).toBe('no answer');
    expect(await amounts()).toEqual([-900]);
  });

  it('takes back later what it has booked, and nothing else', async () => {
    await bank.instruct(instruction());
    bank.returnLater('p1');
    expect(await bank.statement(1, 10)).toMatchObject([{ key: 'p1', amountMinor: 900, isReturn: true }]);
    expect(() => bank.returnLater('p2')).toThrow('p2');
  });
});
