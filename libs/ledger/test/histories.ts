import fc from 'fast-check';
import type { Command, SingleCommand } from '../src/commands.js';
import type { AnyFact } from '../src/posting-rules.js';
import { captured, registered, split, startMs, transfer } from './builders.js';

const parties = ['platform:A', 'platform:B', 'creator:K'];
const accounts = [...parties, 'platform:unknown', 'user:u:wallet', 'hub:fees', 'hub:losses', 'transit:p1', 'provider:alipay', 'bank:icbc'];
/** Mostly those that have money, so that much of what is asked for succeeds. */
const anyAccount = fc.oneof(
  { arbitrary: fc.constantFrom('platform:A', 'platform:B', 'user:u:wallet', 'hub:fees'), weight: 6 },
  { arbitrary: fc.constantFrom(...accounts), weight: 1 },
);
const payer = fc.oneof({ arbitrary: fc.constant('provider:alipay'), weight: 5 }, { arbitrary: anyAccount, weight: 1 });
const anyParty = fc.constantFrom(...parties);
const amount = fc.integer({ min: 1, max: 1000 });
const currency = fc.constantFrom(...Array.from({ length: 9 }, () => 'CNY'), 'USD');
const holdId = fc.constantFrom('h1', 'h2', 'h3', 'hold_p1');
const maybeExpiry = fc.option(
  fc.integer({ min: 1, max: 30 }).map((minutes) => new Date(startMs + minutes * 60_000).toISOString()),
  { nil: undefined, freq: 3 },
);

const anyTransfer = fc
  .tuple(anyAccount, anyAccount, fc.integer({ min: 0, max: 300 }), currency)
  .map(([from, to, amountMinor, code]) => transfer(from, to, amountMinor, 'test', code));
const payout = {
  payoutId: 'p1',
  settlementId: 's1',
  currency: 'CNY',
  bank: 'icbc',
  accountNumber: '62',
  holder: 'A',
  direction: 'payout',
} as const;
const wallet = { topUpId: 't1', userId: 'u', provider: 'alipay', providerRef: 'x' };

/** Facts as they may come, without regard to the state: they always post. */
export const anyFact: fc.Arbitrary<AnyFact> = fc.oneof(
  fc
    .tuple(payer, anyAccount, amount, fc.integer({ min: 0, max: 50 }), currency, fc.option(holdId, { nil: undefined }))
    .map(([from, to, amountMinor, fee, code, hold]) =>
      captured([split(from, to, amountMinor), split(to, 'hub:fees', fee)], { currency: code, ...(hold && { holdId: hold }) }),
    ),
  fc.tuple(amount, currency).map(([amountMinor, code]): AnyFact => ({ type: 'TopUpCaptured', ...wallet, amountMinor, currency: code })),
  holdId.map((hold): AnyFact => ({ type: 'PaymentExpired', paymentId: 'pay_1', platformId: 'A', orderId: 'o', holdId: hold })),
  fc
    .tuple(anyParty, amount)
    .map(([party, amountMinor]): AnyFact => ({ type: 'PayoutInstructed', ...payout, party, amountMinor, attempt: 1, holdId: 'hold_p1' })),
  fc
    .tuple(anyParty, amount)
    .map(([party, amountMinor]): AnyFact => ({ type: 'PayoutConfirmed', ...payout, party, amountMinor, lineId: 'l' })),
  fc
    .tuple(anyParty, fc.integer({ min: -500, max: 0 }), fc.option(amount, { nil: undefined }))
    .map(([party, minimumBalanceMinor, netDebitCapMinor]): AnyFact => ({
      type: 'LimitsSet',
      party,
      currency: 'CNY',
      minimumBalanceMinor,
      netDebitCapMinor,
    })),
  fc.tuple(anyParty, fc.integer({ min: -500, max: 500 })).map(([party, netMinor]): AnyFact => ({
    type: 'SettlementSettled',
    settlementId: 's',
    model: 'm',
    currency: 'CNY',
    windowIds: [],
    parties: [{ party, netMinor }],
    settledAt: '',
  })),
  fc.constant<AnyFact>({
    type: 'WindowClosed',
    windowId: 'w',
    model: 'm',
    currency: 'CNY',
    sequence: 1,
    nextWindowId: 'w2',
    closedAt: '',
    by: 'op',
  }),
  fc.constant<AnyFact>({ type: 'AttemptDeclined', attempt: 1, code: 'x' }),
  fc.tuple(anyParty, amount).chain(([party, amountMinor]) =>
    fc.constantFrom<AnyFact>(
      { type: 'ReserveWithheld', party, amountMinor, currency: 'CNY', settlementId: 's', releaseAt: '' },
      { type: 'ReserveReleased', party, amountMinor, currency: 'CNY', settlementId: 's' },
      { type: 'LiquidityReceived', party, amountMinor, currency: 'CNY', depositId: 'd', bank: 'icbc', lineId: 'l' },
      { type: 'ObligationPaid', party, amountMinor, currency: 'CNY', settlementId: 's', creditor: 'platform:A' },
      { type: 'DebtWrittenOff', party, amountMinor, currency: 'CNY', writeOffId: 'w', by: 'op', note: '' },
      {
        type: 'CurrencyExchanged',
        ...{ party, amountMinor, currency: 'CNY', exchangeId: 'x', settlementId: 's', rate: '0.1' },
        bought: { amountMinor: Math.ceil(amountMinor / 10), currency: 'USD' },
      },
      {
        type: 'WithdrawalInstructed',
        withdrawalId: 'p1',
        account: `liquidity:${party}`,
        amountMinor,
        currency: 'CNY',
        bank: 'icbc',
        attempt: 1,
      },
      {
        type: 'WithdrawalConfirmed',
        withdrawalId: 'p1',
        account: `liquidity:${party}`,
        amountMinor,
        currency: 'CNY',
        bank: 'icbc',
        lineId: 'l',
      },
    ),
  ),
  fc.constantFrom(...parties).map(registered),
);

const placing = fc.record({
  command: fc.constant('PlaceHold' as const),
  holdId,
  currency,
  reservations: fc.array(fc.record({ account: anyAccount, amountMinor: fc.integer({ min: 0, max: 300 }) }), { minLength: 1, maxLength: 2 }),
  purpose: fc.constantFrom('payment', 'payout'),
  ref: fc.constant('r'),
  expiresAt: maybeExpiry,
});
const posting = fc.record({
  command: fc.constant('PostEntry' as const),
  ref: fc.constant('r'),
  transfers: fc.array(anyTransfer, { minLength: 1, maxLength: 3 }),
  corrects: fc.option(fc.integer({ min: 0, max: 10 }), { nil: undefined, freq: 1 }),
});
const limiting = fc.record({
  command: fc.constant('SetLimits' as const),
  account: anyAccount,
  currency,
  minimumBalanceMinor: fc.integer({ min: -500, max: 100 }),
});

const committing = fc.record({
  command: fc.constant('CommitHold' as const),
  holdId,
  transfers: fc.array(anyTransfer, { minLength: 1, maxLength: 2 }),
});
const opening = fc.record(
  {
    command: fc.constant('OpenAccount' as const),
    account: fc.oneof(anyAccount, fc.constant('escrow:x')),
    currencies: fc.constantFrom(['CNY'], ['CNY', 'USD'], ['USD']),
  },
  { requiredKeys: ['command', 'account'] },
);

/** Commands, sensible and not; a few ids, so that they meet each other. */
const anySingle: fc.Arbitrary<SingleCommand> = fc
  .tuple(
    fc.integer({ min: 1, max: 200 }).map((number) => `c${number}`),
    fc.oneof(
      { arbitrary: placing, weight: 4 },
      {
        arbitrary: committing,
        weight: 4,
      },
      { arbitrary: fc.record({ command: fc.constant('VoidHold' as const), holdId }), weight: 1 },
      { arbitrary: posting, weight: 4 },
      { arbitrary: fc.record({ command: fc.constant('ReverseEntry' as const), entry: fc.integer({ min: 0, max: 10 }) }), weight: 3 },
      { arbitrary: fc.record({ command: fc.constant('UnfreezeAccount' as const), account: anyAccount }), weight: 1 },
      { arbitrary: opening, weight: 2 },
      {
        arbitrary: fc.record({
          command: fc.constantFrom('FreezeAccount' as const, 'CloseAccount' as const),
          account: fc.constantFrom(...accounts),
        }),
        weight: 1,
      },
      { arbitrary: limiting, weight: 1 },
    ),
  )
  .map(([commandId, command]): SingleCommand => ({ ...command, commandId }));

const anyLinked = fc
  .tuple(fc.integer({ min: 1, max: 200 }), fc.array(fc.oneof(posting, committing), { minLength: 1, maxLength: 4 }))
  .map(([number, members]): Command => ({
    command: 'Linked',
    commandId: `l${number}`,
    commands: members.map((member, index) => ({ ...member, commandId: `l${number}.${index}` })),
  }));

export const anyCommand: fc.Arbitrary<Command> = fc.oneof({ arbitrary: anySingle, weight: 9 }, { arbitrary: anyLinked, weight: 1 });

/** A fact, a command, or minutes that pass. */
export type Happening = { fact: AnyFact } | { command: Command } | { minutes: number };

export const anyHappening: fc.Arbitrary<Happening> = fc.oneof(
  { arbitrary: anyFact.map((fact) => ({ fact })), weight: 5 },
  { arbitrary: anyCommand.map((command) => ({ command })), weight: 5 },
  { arbitrary: fc.integer({ min: 1, max: 10 }).map((minutes) => ({ minutes })), weight: 1 },
);

export const histories = (maxLength: number): fc.Arbitrary<Happening[]> => fc.array(anyHappening, { minLength: 1, maxLength, size: 'max' });
