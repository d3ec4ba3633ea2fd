import { createHash } from 'node:crypto';
import type { BillAccepted, BillImported, BillKind, BillReceived } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';
import type { BillEvent } from './facts.js';

/** What a bill is given as; with the content it makes its id. */
export interface BillName {
  provider: string;
  bill: BillKind;
  day: string;
  sha256: string;
  payoutId?: string | undefined;
}

/** The same content for the same day is the same bill; a provider's answer that there is none is the same for every day. */
export function billIdOf({ provider, bill, day, sha256, payoutId = '' }: BillName): string {
  const hash = createHash('sha256').update(JSON.stringify([provider, bill, day, payoutId, sha256]));
  return `bill_${hash.digest('hex').slice(0, 24)}`;
}

export const billStream = (billId: string): string => `reconciliation-bill_${billId}`;

export type BillState =
  | { status: 'none' }
  /** `received`: to be read; `fit`: it is used; `unfit`: it has problems, and is used when somebody accepts it. */
  | { status: 'received' | 'fit' | 'unfit' | 'accepted'; received: BillReceived; imported?: BillImported; accepted?: BillAccepted };

export const billFold: Fold<BillState, BillEvent> = {
  initial: { status: 'none' },
  evolve: (state, event) => {
    if (event.type === 'BillReceived') return { status: 'received', received: event };
    if (state.status === 'none') throw new Error(`a bill begins with BillReceived, not with ${event.type}`);
    switch (event.type) {
      case 'BillImported':
        return { ...state, status: event.fit ? 'fit' : 'unfit', imported: event };
      case 'BillAccepted':
        return { ...state, status: 'accepted', accepted: event };
      default:
        return event satisfies never;
    }
  },
};
