import type { AcceptedStatement, BankFileAccepted, BankFileEvent, BankFileProblem } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';

/** The files of a bank, as their register tells it. */
export interface BankFiles {
  accepted: ReadonlySet<string>;
  /** Who has handed a file in that waits for another person. */
  proposed: ReadonlyMap<string, string>;
  /** Files of which nothing counts, with the problem of each, and how often. */
  rejected: ReadonlyMap<string, { problem: BankFileProblem; times: number; isAcknowledged: boolean }>;
  /** By which the statements that were taken in would be known again. */
  identities: ReadonlySet<string>;
  /** Statement lines so far. */
  lines: number;
}

export const bankFileStream = (bank: string): string => `bankfile-${bank}`;

/** Where the lines of a file lie until it is accepted; another place each time that it was rejected. */
export const bankDataStream = (bank: string, fileId: string, earlierTries: number): string => `bankdata-${bank}_${fileId}_${earlierTries}`;

export const bankFileFold: Fold<BankFiles, BankFileEvent> = {
  initial: { accepted: new Set(), proposed: new Map(), rejected: new Map(), identities: new Set(), lines: 0 },
  evolve,
};

function evolve(state: BankFiles, event: BankFileEvent): BankFiles {
  const { fileId } = event;
  switch (event.type) {
    case 'BankFileProposed':
      return { ...state, proposed: new Map(state.proposed).set(fileId, event.by) };
    case 'BankFileAccepted':
      return {
        ...state,
        accepted: new Set(state.accepted).add(fileId),
        identities: new Set([...state.identities, ...event.statements.flatMap(({ identities }) => identities)]),
        lines: event.linesBefore + event.lines,
      };
    case 'BankFileRejected': {
      const times = (state.rejected.get(fileId)?.times ?? 0) + 1;
      return { ...state, rejected: new Map(state.rejected).set(fileId, { problem: event.problem, times, isAcknowledged: false }) };
    }
    case 'BankFileAcknowledged': {
      const known = state.rejected.get(fileId);
      return known ? { ...state, rejected: new Map(state.rejected).set(fileId, { ...known, isAcknowledged: true }) } : state;
    }
    default:
      return event satisfies never;
  }
}

/** What a file was found to have. */
export type ReadFile = Pick<
  BankFileAccepted,
  'bank' | 'fileId' | 'name' | 'message' | 'by' | 'stagedIn' | 'lines' | 'statements' | 'reports'
>;

export type BankFileCommand =
  /** Somebody hands in what did not come by itself: a file moves money, so two people must have the same one. */
  | { type: 'ProposeFile'; file: ReadFile; now: string }
  /** @property needsTwo it did not come by itself: nothing happens unless another person has proposed it */
  | { type: 'AcceptFile'; file: ReadFile; needsTwo: boolean; now: string }
  | { type: 'RejectFile'; bank: string; fileId: string; name: string; by: string; problem: BankFileProblem; now: string }
  | { type: 'AcknowledgeFile'; bank: string; fileId: string; by: string; note: string };

/** Why a command is refused; in this order. */
export type BankFileRefusal = 'not_found' | 'state_conflict' | 'statement_known';

/** Decides about a file. The same content again changes nothing. */
export function decideBankFile(command: BankFileCommand, state: BankFiles): Decision<BankFileEvent, BankFileRefusal> {
  switch (command.type) {
    case 'ProposeFile': {
      const { file, now } = command;
      if (state.accepted.has(file.fileId)) return { events: [] };
      if (file.statements.some((statement) => isKnown(statement, state))) return { refused: 'statement_known' };
      return { events: state.proposed.has(file.fileId) ? [] : [proposed(file, now)] };
    }
    case 'AcceptFile': {
      const { file, needsTwo, now } = command;
      if (state.accepted.has(file.fileId)) return { events: [] };
      if (file.statements.some((statement) => isKnown(statement, state))) return { refused: 'statement_known' };
      if (needsTwo && !isProposedByAnother(file, state)) return { events: [] };
      const proposedBy = needsTwo ? state.proposed.get(file.fileId) : undefined;
      const before = proposedBy !== undefined && { proposedBy };
      return { events: [{ type: 'BankFileAccepted', ...file, ...before, linesBefore: state.lines, acceptedAt: now }] };
    }
    case 'RejectFile': {
      const { bank, fileId, name, by, problem, now } = command;
      const known = state.rejected.get(fileId);
      const isSame = known !== undefined && !known.isAcknowledged && JSON.stringify(known.problem) === JSON.stringify(problem);
      if (state.accepted.has(fileId) || isSame) return { events: [] };
      return { events: [{ type: 'BankFileRejected', bank, fileId, name, by, problem, rejectedAt: now }] };
    }
    case 'AcknowledgeFile': {
      const { bank, fileId, by, note } = command;
      const known = state.rejected.get(fileId);
      if (!known) return { refused: 'not_found' };
      if (known.isAcknowledged || state.accepted.has(fileId)) return { refused: 'state_conflict' };
      return { events: [{ type: 'BankFileAcknowledged', bank, fileId, by, note }] };
    }
    default:
      return command satisfies never;
  }
}

/** Whether somebody else than who hands a file in has handed in the same one. */
export function isProposedByAnother({ fileId, by }: Pick<ReadFile, 'fileId' | 'by'>, { proposed }: Pick<BankFiles, 'proposed'>): boolean {
  const proposedBy = proposed.get(fileId);
  return proposedBy !== undefined && proposedBy !== by;
}

const proposed = ({ bank, fileId, name, message, by }: ReadFile, now: string): BankFileEvent => ({
  type: 'BankFileProposed',
  ...{ bank, fileId, name, message, by },
  proposedAt: now,
});

const isKnown = ({ identities }: AcceptedStatement, state: BankFiles): boolean => identities.some((each) => state.identities.has(each));
