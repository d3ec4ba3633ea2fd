import type { BankLineClaimed, BankLineExplanationEvent, DepositEvent, Party } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import { Problem, type Answer, type Asked, type Clock } from '@tongbao/service';
import { decideClaim, lineClaimFold, lineStream, type LineClaim } from './line-claim.js';
import {
  assignmentFold,
  decideAssignment,
  depositIdOf,
  depositStream,
  type AssignmentCommand,
  type AssignmentRefusal,
  type AssignmentState,
  type SuspendedLine,
} from './liquidity.js';

/** Whose prefunded money a line is said to have brought, and why. */
export interface SaidOfLine {
  /** What an approval names. */
  proposalId: string;
  party: Party;
  note: string;
}

/**
 * Lines in hub:suspense that are a party's prefunded money.
 * @throws Problem with the refusal of the decider, for each of them
 */
export class LineAssignments {
  constructor(
    private readonly store: EventStore,
    private readonly clock: Clock,
  ) {}

  async propose(line: SuspendedLine, { proposalId, party, note }: SaidOfLine, asked: Asked): Promise<Answer> {
    const { state } = await load<LineClaim, BankLineExplanationEvent>(this.store, lineStream(line.bank, line.lineId), lineClaimFold);
    if (state.isExplained) throw problemOf('state_conflict');
    return this.#assign(line.lineId, { type: 'ProposeAssignment', proposalId, line, party, by: asked.by, note }, asked);
  }

  /**
   * The line is claimed on its own stream first, where explanations are approved, too: whichever comes first is what takes it out of suspense. Killed in between, an
   * approval that is repeated, by whomever, goes on; until the proposal is rejected nothing else gets the line.
   */
  async approve(lineId: string, proposalId: string, asked: Asked): Promise<Answer> {
    const command: AssignmentCommand = { type: 'ApproveAssignment', proposalId, by: asked.by };
    const { state } = await load<AssignmentState, DepositEvent>(this.store, depositStream(depositIdOf(lineId)), assignmentFold);
    // Whoever may not approve claims nothing.
    if (state.status === 'proposed' && 'events' in decideAssignment(command, state)) await this.#claim(state.proposal, proposalId, asked);
    return this.#assign(lineId, command, asked);
  }

  reject(lineId: string, reason: string, asked: Asked): Promise<Answer> {
    return this.#assign(lineId, { type: 'RejectAssignment', by: asked.by, reason }, asked);
  }

  async #claim(
    { bank, lineId, depositId }: Pick<BankLineClaimed, 'bank' | 'lineId' | 'depositId'>,
    proposalId: string,
    { commandId, by }: Asked,
  ): Promise<void> {
    const claim = { bank, lineId, depositId, proposalId, by, claimedAt: this.clock.now().toISOString() };
    const handled = await handle<LineClaim, BankLineExplanationEvent, 'state_conflict'>(
      this.store,
      lineStream(bank, lineId),
      lineClaimFold,
      (line) => decideClaim(claim, line),
      { commandId, actor: by, correlationId: depositId },
    );
    if (handled.outcome === 'refused') throw problemOf(handled.refusal);
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #assign(lineId: string, command: AssignmentCommand, { commandId, by }: Asked): Promise<Answer> {
    const depositId = depositIdOf(lineId);
    const stream = depositStream(depositId);
    const handled = await handle<AssignmentState, DepositEvent, AssignmentRefusal>(
      this.store,
      stream,
      assignmentFold,
      (state) => decideAssignment(command, state),
      { commandId, actor: by, correlationId: depositId },
    );
    if (handled.outcome === 'refused') {
      const events = await this.store.read(stream);
      if (!events.some(({ metadata }) => metadata.$causationId === commandId)) throw problemOf(handled.refusal);
    }
    return { position: (await this.store.readLast(stream))?.position ?? 0n };
  }
}

const details = {
  not_found: 'Nothing is proposed for that line.',
  state_conflict: 'Something else has been said of the line meanwhile, or it has left suspense.',
  four_eyes: 'Whoever proposed it may not approve it.',
} as const satisfies Record<AssignmentRefusal, string>;

const problemOf = (code: AssignmentRefusal): Problem => new Problem(code, details[code]);
