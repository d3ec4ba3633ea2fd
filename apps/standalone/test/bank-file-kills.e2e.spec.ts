import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { hubAccount, isCluster, type SentTransaction } from '@tongbao/testing';
import { FileBank, providerAccount } from './file-bank.js';
import { around, expectSurvived, type Kill } from './kills.js';
import { MortalWorld } from './mortal-world.js';
import { orderOf } from './world.js';

const kills: Kill[] = [
  ...around('InstructionTaken', 'instruction for the next run'),
  ['after RunClosed', 1, 'run closed'],
  ['after RunReleased', 1, 'run released'],
  ['before filewrite', 1, 'file not begun'],
  ['amid filewrite', 1, 'half of the file written'],
  ['after filewrite', 1, 'file written, not named in the log'],
  ['after RunFilesPrepared', 1, 'files named, not yet where the bank takes them'],
  ['after filerename', 1, 'file out, not known to be'],
  ['after RunFilesWritten', 1, 'files known to be out'],
  ...around('BankFileAccepted', 'statement'),
  ['after filerename', 2, 'statement put away'],
  ['after PayoutConfirmed', 1, 'confirmed, its line not recorded'],
  ['after BankLineRecorded:payout', 1, 'line recorded'],
];

// The distributed form has the same process of settlement, and a crash matrix of its own.
const describeEmbedded = isCluster() ? describe.skip : describe;

describeEmbedded('a hub whose bank takes files, killed between two steps', () => {
  let mortal: MortalWorld;
  let bank: FileBank;
  let day = 0;
  const paid: SentTransaction[] = [];

  beforeAll(async () => {
    mortal = await MortalWorld.begin({
      TONGBAO_CURRENCIES: 'CNY,USD,EUR',
      PROVIDER_TIMEOUT_MS: '1000',
      BANK: 'file',
      BANK_ACCOUNT: hubAccount,
      BANK_ACCOUNT_HOLDER: 'Tongbao Hub Ltd',
      BANK_PROVIDER_ACCOUNTS: `stripe=${providerAccount}`,
      // Runs are closed when the test asks for it.
      BANK_CUT_OFF: '0 0 1 1 *',
    });
    const { world } = mortal;
    bank = new FileBank(join(world.hub.dataDir, 'bank-files'));
    await world.addPlatform('G', { currencies: ['EUR'] }, 'NL91ABNA0417164300');
    await world.addPlatform('H', { currencies: ['EUR'] }, 'DE75512108001245126199');
    bank.receive('10000.00');
    const balance = '/v1/ledger/accounts/bank%3Amain/balance?currency=EUR';
    await mortal.until(world.operator('auditor'), balance, ({ postedMinor }) => postedMinor === -1_000_000);
  }, 120_000);
  afterAll(() => mortal.end());

  it.each(kills)('%s (time %i; %s) pays each payout once', async (...kill) => {
    await expectSurvived(mortal, kill, wholeDay);
    expect(bank.isLeft).toBe(false);
    expect(bank.carried.length).toBe(day);
    const named = paid.map(({ endToEndId }) => endToEndId);
    expect(named.length).toBe(2 * day);
    expect(new Set(named).size).toBe(named.length);
  });

  /** Two payouts go out in a run, and the bank's statement confirms them. */
  async function wholeDay(): Promise<void> {
    day += 1;
    const { world } = mortal;
    const [finance, approver] = [world.operator('finance'), world.operator('approver')];
    const inEuros = { currency: 'EUR', method: { provider: 'stripe' } };
    for (const platform of ['G', 'H']) {
      const { paymentId } = await mortal.command(world.platform(platform), '/v1/payments', orderOf(platform, 1_000 + day, inEuros));
      await mortal.until(world.platform(platform), `/v1/payments/${paymentId}`, ({ status }) => status === 'captured');
    }
    const windowId = `dnm_EUR_${String(day).padStart(6, '0')}`;
    await mortal.command(finance, `/v1/settlement/windows/${windowId}/close`, {});
    const { settlementId } = await mortal.command(finance, '/v1/settlement/settlements', { windowIds: [windowId] });
    const path = `/v1/settlement/settlements/${settlementId}`;
    await mortal.until(finance, path, ({ status }) => status === 'verified');
    await mortal.command(approver, `${path}/approve`, {});
    const isInstructed = ({ status }: { status: string }) => status === 'instructed';
    await mortal.until(finance, path, ({ payouts }) => payouts.length === 2 && payouts.every(isInstructed));
    await closeRun();
    await mortal.command(approver, `/v1/settlement/payout-runs/${day}/release`, {});
    const sent = await bank.carry();
    paid.push(...sent.transactions);
    bank.pay(sent);
    await mortal.until(finance, path, ({ status, paymentsTold }) => status === 'settled' && paymentsTold.done);
  }

  /** With both instructions of the day. */
  async function closeRun(): Promise<void> {
    const finance = mortal.world.operator('finance');
    const runs = '/v1/settlement/payout-runs';
    await mortal.until(finance, runs, ({ waiting }) => waiting.instructions === 2);
    await mortal.command(finance, runs, {});
  }
});
