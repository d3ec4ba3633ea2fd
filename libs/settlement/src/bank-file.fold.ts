import type { BankFileEvent, InstructionEvent, PayoutRunEvent } from '@tongbao/contracts';
import type { SettlementRows } from './settlement.rows.js';

/** What a bank of files was told. Which run an instruction is in is told by its place in the log alone. */
export async function foldInstruction(event: InstructionEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { key, attempt } = event;
  switch (event.type) {
    case 'InstructionTaken': {
      const { bank, endToEndId, direction, amountMinor, currency, accountNumber, holder, route = null, reference, takenAt } = event;
      const what = { direction, amountMinor: BigInt(amountMinor), currency, accountNumber, holder, route, reference };
      const taken = { status: 'taken' as const, code: null, information: null, takenAt, takenPosition: position };
      rows.put('instructions', { key, attempt, bank, endToEndId, ...what, ...taken });
      return;
    }
    case 'InstructionRejected': {
      const known = await rows.require('instructions', key, attempt);
      rows.put('instructions', { ...known, status: 'rejected', code: event.code, information: event.information ?? null });
      return;
    }
    case 'InstructionWithdrawn': {
      const known = await rows.require('instructions', key, attempt);
      const newest = await rows.get('newestRuns', known.bank);
      // Its run has closed before: it goes out all the same.
      if (newest && newest.cutOff > known.takenPosition) return;
      rows.put('instructions', { ...known, status: 'withdrawn', information: event.reason });
      return;
    }
    default:
      return event satisfies never;
  }
}

/** Runs of a bank, one after another: each ends where the next one begins. */
export async function foldPayoutRun(event: PayoutRunEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { bank, runId } = event;
  if (event.type === 'RunClosed') {
    const { sequence, reason, by, executionDate, collectionDate, closedAt } = event;
    const afterPosition = (await rows.get('newestRuns', bank))?.cutOff ?? 0n;
    const closed = { status: 'closed' as const, reason, closedBy: by, closedAt, executionDate, collectionDate };
    rows.put('payoutRuns', { bank, sequence, runId, ...closed, afterPosition, cutOff: position, releasedBy: null, files: null });
    rows.put('newestRuns', { bank, sequence, cutOff: position });
    return;
  }
  const run = await rows.require('payoutRuns', bank, sequenceOf(runId));
  switch (event.type) {
    case 'RunReleased':
      rows.put('payoutRuns', { ...run, status: 'released', releasedBy: event.by });
      return;
    case 'RunFilesPrepared':
      rows.put('payoutRuns', { ...run, status: 'prepared', files: event.files });
      return;
    case 'RunFilesWritten':
      rows.put('payoutRuns', { ...run, status: 'written' });
      return;
    default:
      return event satisfies never;
  }
}

/** `main-20260202-000007` is the seventh run of its bank. */
const sequenceOf = (runId: string): number => Number(runId.slice(runId.lastIndexOf('-') + 1));

/** Files that came from a bank, and the statements in them. */
export async function foldBankFile(event: BankFileEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { bank, fileId } = event;
  switch (event.type) {
    case 'BankFileProposed': {
      const { name, message, by, proposedAt: at } = event;
      const waits = { status: 'proposed' as const, message, by, at, lines: 0, reports: null, problem: null, note: null, position };
      rows.put('bankFiles', { bank, fileId, name, ...waits });
      return;
    }
    case 'BankFileAccepted': {
      const { name, message, by, acceptedAt: at, lines, reports } = event;
      const accepted = { status: 'accepted' as const, message, by, at, lines, reports, problem: null, note: null, position };
      rows.put('bankFiles', { bank, fileId, name, ...accepted });
      for (const statement of event.statements)
        rows.put('bankStatements', { bank, identity: statement.identities[0] ?? '', statement, position });
      return;
    }
    case 'BankFileRejected': {
      const { name, by, rejectedAt: at, problem } = event;
      const rejected = { status: 'rejected' as const, message: null, by, at, lines: 0, reports: null, problem, note: null, position };
      rows.put('bankFiles', { bank, fileId, name, ...rejected });
      return;
    }
    case 'BankFileAcknowledged': {
      const known = await rows.require('bankFiles', bank, fileId);
      rows.put('bankFiles', { ...known, status: 'acknowledged', note: event.note, position });
      return;
    }
    default:
      return event satisfies never;
  }
}
