import type { DisputeClosed, DisputeOpened, SplitTransfer } from '@tongbao/contracts';

/** Money of a captured payment that is withheld until a dispute about it ends. */
export interface Dispute {
  amountMinor: number;
  reason: string;
  status: 'open' | DisputeClosed['outcome'];
  /** What the payer got back. */
  lostMinor: number;
  /** The opening's transfers, less what has come back: all of them while it is open, none once it is won. */
  withheld: readonly SplitTransfer[];
}

export const opened = ({ amountMinor, reason, transfers }: DisputeOpened): Dispute => ({
  amountMinor,
  reason,
  status: 'open',
  lostMinor: 0,
  withheld: transfers,
});

export const closed = (dispute: Dispute, { outcome, lostMinor, transfers }: DisputeClosed): Dispute => ({
  ...dispute,
  status: outcome,
  lostMinor,
  withheld: dispute.withheld
    .map((withheld) => ({
      ...withheld,
      amountMinor: transfers
        .filter((back) => comesBack(back, withheld))
        .reduce((left, back) => left - back.amountMinor, withheld.amountMinor),
    }))
    .filter(({ amountMinor }) => amountMinor > 0),
});

const comesBack = (back: SplitTransfer, { from, to, kind }: SplitTransfer): boolean =>
  back.from === to && back.to === from && back.kind === kind;

/** What of a payment a dispute takes out of the reach of refunds: all of it while it is open, then what was lost. */
export const claimedMinor = ({ status, amountMinor, lostMinor }: Dispute): number => (status === 'open' ? amountMinor : lostMinor);
