import { integer, list, text, transferLine, type Json, type Recorded } from './record.js';

export interface Posting {
  ref: string;
  /** Transfers, each in one line. */
  lines: string[];
}

/** Which facts move money, and what they say they move. Written down from the rules of posting in docs, not from the ledger's code. */
export function postingOf(event: Recorded): Posting | undefined {
  return (
    ofPayment(event) ??
    ofPayout(event, 'Payout', 'party') ??
    ofPayout(event, 'Withdrawal', 'account') ??
    ofPosition(event) ??
    ofBankOrBill(event)
  );
}

/** One transfer of the event's amount. */
const one = (data: Json, ref: string, from: string, to: string): Posting => ({
  ref: text(data, ref),
  lines: [`${from} > ${to} ${integer(data, 'amountMinor')} ${text(data, 'currency')}`],
});

const several = (data: Json, ref: string, transfers: Json[]): Posting => ({
  ref: text(data, ref),
  lines: transfers.filter((each) => each['external'] !== true).map((each) => transferLine(each, text(data, 'currency'))),
});

function ofPayment({ type, data }: Recorded): Posting | undefined {
  const provider = () => `provider:${text(data, 'provider')}`;
  switch (type) {
    case 'PaymentCaptured':
      return several(data, 'paymentId', list(data, 'split'));
    case 'PaymentRefunded':
    case 'ConflictResolved':
    case 'DisputeOpened':
    case 'DisputeClosed':
      return several(data, 'paymentId', list(data, 'transfers'));
    case 'CaptureConflicted':
    case 'LateCaptureFound':
      return one(data, 'paymentId', provider(), 'hub:suspense');
    case 'LateCaptureRefunded':
      return one(data, 'paymentId', 'hub:suspense', provider());
    case 'TopUpCaptured':
      return one(data, 'topUpId', provider(), `user:${text(data, 'userId')}:wallet`);
    case 'TopUpConflicted':
      return one(data, 'topUpId', provider(), 'hub:suspense');
    default:
      return undefined;
  }
}

/** A payout from a party, a collection from one, or a withdrawal from another account. */
function ofPayout({ type, data }: Recorded, kind: 'Payout' | 'Withdrawal', from: 'party' | 'account'): Posting | undefined {
  const ref = kind === 'Payout' ? 'payoutId' : 'withdrawalId';
  const transit = () => `transit:${text(data, ref)}`;
  const bank = () => `bank:${text(data, 'bank')}`;
  const isCollection = data['direction'] === 'collection';
  switch (type) {
    case `${kind}Instructed`:
      return isCollection ? undefined : one(data, ref, text(data, from), transit());
    case `${kind}Confirmed`:
      return isCollection ? one(data, ref, bank(), text(data, from)) : one(data, ref, transit(), bank());
    case `${kind}Failed`:
      return isCollection ? undefined : one(data, ref, transit(), text(data, from));
    case `${kind}Returned`:
      return isCollection ? one(data, ref, text(data, from), bank()) : one(data, ref, bank(), text(data, from));
    default:
      return undefined;
  }
}

function ofPosition({ type, data }: Recorded): Posting | undefined {
  const party = () => text(data, 'party');
  switch (type) {
    case 'ReserveWithheld':
      return one(data, 'settlementId', party(), `reserve:${party()}`);
    case 'ReserveReleased':
      return one(data, 'settlementId', `reserve:${party()}`, party());
    case 'LiquidityReceived':
      return one(data, 'depositId', `bank:${text(data, 'bank')}`, `liquidity:${party()}`);
    case 'LiquidityAssigned':
      return one(data, 'depositId', 'hub:suspense', `liquidity:${party()}`);
    case 'LiquidityDrawn':
      return one(data, 'settlementId', `liquidity:${party()}`, party());
    case 'ObligationPaid':
      return one(data, 'settlementId', text(data, 'creditor'), party());
    default:
      return undefined;
  }
}

function ofBankOrBill({ type, data }: Recorded): Posting | undefined {
  switch (type) {
    case 'ProviderFeeBilled':
      return one(data, 'billId', 'hub:provider-fees', `provider:${text(data, 'provider')}`);
    case 'ProviderFeeReturned':
      return one(data, 'billId', `provider:${text(data, 'provider')}`, 'hub:provider-fees');
    case 'BankLineExplained':
      return several(data, 'lineId', list(data, 'transfers'));
    case 'BreakCorrected':
      return several(data, 'breakId', list(data, 'transfers'));
    case 'BankLineRecorded':
      return ofBankLine(data);
    default:
      return undefined;
  }
}

/** In the direction of the amount's sign; what a payout's line moves, the payout's own fact says. */
function ofBankLine(data: Json): Posting | undefined {
  // An object, by the contract.
  const match = data['match'] as Json;
  const from = {
    provider_payout: () => `provider:${text(match, 'provider')}`,
    bank_fee: () => 'hub:bank-fees',
    unmatched: () => 'hub:suspense',
  };
  const kind = text(match, 'kind');
  const other = Object.entries(from).find(([name]) => name === kind)?.[1]();
  if (other === undefined) return undefined;
  const amount = integer(data, 'amountMinor');
  const bank = `bank:${text(data, 'bank')}`;
  const [gives, takes] = amount < 0n ? [other, bank] : [bank, other];
  return { ref: text(data, 'lineId'), lines: [`${gives} > ${takes} ${amount < 0n ? -amount : amount} ${text(data, 'currency')}`] };
}
