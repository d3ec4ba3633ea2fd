import { proposalIdIn, type DepositEvent } from '@tongbao/contracts';
import type { Fold } from '@tongbao/event-store';

/** Where settlement says of a line that nothing has matched whose prefunded money it is. */
export const lineDepositStream = (lineId: string): string => `deposit-dep_${lineId}`;

export interface LineDeposit {
  isAssigned: boolean;
  /** The proposal that waits. */
  proposed: string | undefined;
  /** Proposals that never will be approved. */
  rejected: ReadonlySet<string>;
}

export const lineDepositFold: Fold<LineDeposit, DepositEvent> = {
  initial: { isAssigned: false, proposed: undefined, rejected: new Set() },
  evolve: (state, event) => {
    const { rejected, proposed } = state;
    switch (event.type) {
      case 'LiquidityAssignmentProposed': {
        const proposalId = proposalIdIn(event);
        // Those without a name have one in common.
        return { ...state, proposed: proposalId, rejected: new Set([...rejected].filter((each) => each !== proposalId)) };
      }
      case 'LiquidityAssignmentRejected':
        return { ...state, proposed: undefined, rejected: new Set([...rejected, ...(proposed === undefined ? [] : [proposed])]) };
      case 'LiquidityAssigned':
        return { ...state, proposed: undefined, isAssigned: true };
      default:
        return event satisfies never;
    }
  },
};
