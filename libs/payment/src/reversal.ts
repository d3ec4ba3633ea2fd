import { account, type SplitTransfer } from '@tongbao/contracts';
import { proportionalStep, toSafeInteger } from '@tongbao/money';
import type { Payment } from './payment.js';

/** A transfer of a split, and how much of it has gone back: by refunds, and by disputes that are open or lost. */
export interface ReversedTransfer {
  transfer: SplitTransfer;
  reversedMinor: bigint;
}

/**
 * What goes back of a split when so much of the payment has gone back in all: of each refundable transfer the part in proportion, less what of it has gone
 * back already. So whatever goes back and comes again, in whatever order, ends at exactly the whole, or at exactly nothing.
 * @param afterMinor all that has gone back, with what goes back now
 */
export function reversalOf(split: readonly ReversedTransfer[], capturedMinor: number, afterMinor: number): SplitTransfer[] {
  const [after, captured] = [BigInt(afterMinor), BigInt(capturedMinor)];
  return split
    .filter(({ transfer: { refundable } }) => refundable)
    .map(({ transfer, reversedMinor }) => ({
      transfer,
      due: proportionalStep(BigInt(transfer.amountMinor), 0n, after, captured) - reversedMinor,
    }))
    .filter(({ due }) => due > 0n)
    .map(({ transfer: { from, to, ...rest }, due }) => ({ ...rest, from: to, to: from, amountMinor: toSafeInteger(due) }));
}

const refundSuffix = '-refund';

/** The transfers of a refund. */
export const refundTransfers = (split: readonly ReversedTransfer[], capturedMinor: number, afterMinor: number): SplitTransfer[] =>
  reversalOf(split, capturedMinor, afterMinor).map((transfer) => ({ ...transfer, kind: transfer.kind + refundSuffix, refundable: false }));

/** The split of a captured payment, with what of each transfer has gone back so far. */
export function reversedSplit({ capture, refunds, disputes }: Pick<Payment, 'capture' | 'refunds' | 'disputes'>): ReversedTransfer[] {
  const backs = [
    ...[...refunds.values()].flatMap(({ transfers = [] }) => transfers.map(withoutSuffix)),
    ...[...disputes].flatMap(([disputeId, { withheld }]) =>
      withheld.map((transfer) => toSource(transfer, disputeId, capture?.split ?? [])),
    ),
  ];
  return (capture?.split ?? []).map((transfer) => ({
    transfer,
    reversedMinor: backs.filter((back) => reverses(back, transfer)).reduce((sum, { amountMinor }) => sum + BigInt(amountMinor), 0n),
  }));
}

const withoutSuffix = (transfer: SplitTransfer): SplitTransfer => ({ ...transfer, kind: transfer.kind.slice(0, -refundSuffix.length) });

const reverses = (back: SplitTransfer, { from, to, kind }: SplitTransfer): boolean =>
  back.from === to && back.to === from && back.kind === kind;

/** Where the money of a payment came from: a provider, or a wallet. */
export const sourceOf = (split: readonly SplitTransfer[]): string =>
  split.find(({ kind }) => kind === 'purchase')?.from ?? account.suspense;

/** A transfer of a dispute with the source again in the dispute's place. */
const toSource = (transfer: SplitTransfer, disputeId: string, split: readonly SplitTransfer[]): SplitTransfer =>
  transfer.to === account.dispute(disputeId) ? { ...transfer, to: sourceOf(split) } : transfer;
