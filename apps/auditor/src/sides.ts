import { integer, list, optionalText, text, type Json, type Recorded } from './record.js';

/** What a party has of a transfer that counts for windows: positive, it received; negative, it paid. */
export interface Side {
  party: string;
  amount: bigint;
  currency: string;
  /** None for what an operator posted, and for a line of our bank. */
  paymentId?: string;
}

/** What counts in the windows, by the description of windows and nets in docs. */
export function* sidesOf({ type, data }: Recorded): Generator<Side> {
  if (type === 'EntriesPosted') {
    for (const entry of list(data, 'entries').filter(isOwn))
      for (const transfer of list(entry, 'transfers'))
        if (!mends(entry, transfer)) yield* sidesOfTransfer(transfer, text(transfer, 'currency'));
    return;
  }
  const transfers = transfersOf(type, data);
  if (transfers.length === 0) return;
  const paymentId = optionalText(data, 'paymentId');
  for (const transfer of transfers)
    for (const side of sidesOfTransfer(transfer, text(data, 'currency'))) yield { ...side, ...(paymentId !== undefined && { paymentId }) };
}

function transfersOf(type: string, data: Json): Json[] {
  switch (type) {
    case 'PaymentCaptured':
      return list(data, 'split');
    case 'ConflictResolved':
      return data['resolution'] === 'accepted' ? list(data, 'split') : [];
    case 'PaymentRefunded':
    case 'DisputeOpened':
    case 'DisputeClosed':
    case 'BankLineExplained':
      return list(data, 'transfers');
    default:
      return [];
  }
}

/** What an operator posted is a fact of its own. */
const isOwn = (entry: Json): boolean =>
  entry['position'] === undefined && ['PostEntry', 'ReverseEntry', 'CommitHold'].includes(text(entry, 'kind'));

/** It puts right how a fact was posted, and that fact has been counted. */
const mends = (entry: Json, transfer: Json): boolean =>
  entry['correctsPosition'] !== undefined && [transfer['from'], transfer['to']].includes('hub:suspense');

function* sidesOfTransfer(transfer: Json, currency: string): Generator<Side> {
  const [from, to, amount] = [text(transfer, 'from'), text(transfer, 'to'), integer(transfer, 'amountMinor')];
  if (transfer['external'] === true || from === to || amount === 0n) return;
  if (isParty(from)) yield { party: from, amount: -amount, currency };
  if (isParty(to)) yield { party: to, amount, currency };
}

export const isParty = (account: string): boolean => account.startsWith('platform:') || account.startsWith('creator:');
