/** What a statement line says about the payout or withdrawal that it names. */
export interface NamingLine {
  lineId: string;
  /** Positive: came in; negative: went out. */
  amountMinor: number;
  currency: string;
  accountNumber: string;
}

/** Why a line does not confirm, or take back, what it names. */
export type LineRefusal =
  'no_such_payout' | 'line_repeats' | 'not_instructed' | 'not_confirmed' | 'amount_differs' | 'currency_differs' | 'account_differs';

/** Whether a line confirms what it names, or takes it back. */
export type LineCommand = { type: 'RecordConfirmation'; line: NamingLine } | { type: 'RecordReturn'; line: NamingLine };

/** A line that names it was refused, and is in suspense. */
export interface RefusedLine {
  type: 'RecordRefusedLine';
  lineId: string;
  code: LineRefusal;
}

/** What was refused and nobody has named since: while there is such a line, the bank may have moved the money already. */
export const isOverlooked = (refusedLines: readonly string[] | undefined, despite: readonly string[] = []): boolean =>
  (refusedLines ?? []).some((lineId) => !despite.includes(lineId));

/** What a line can name. */
export interface Claimed {
  status: string;
  direction: 'payout' | 'collection';
  amountMinor: number;
  currency: string;
  accountNumber: string;
  /** The line that confirmed it, and the one that took it back. */
  lineId?: string;
  returnLineId?: string;
}

export const isAboutLine = (command: { type: string }): command is LineCommand =>
  command.type === 'RecordConfirmation' || command.type === 'RecordReturn';

/** The line was taken already: it is the one that did it. */
export const isKnownLine = ({ type, line }: LineCommand, claimed: Claimed): boolean =>
  (type === 'RecordConfirmation' ? claimed.lineId : claimed.returnLineId) === line.lineId;

/** Why a line does not do what it says; the first that applies. Nothing when it equals what it names in amount, currency and account. */
export function refusalOfLine({ type, line }: LineCommand, claimed: Claimed): LineRefusal | undefined {
  if (type === 'RecordConfirmation') {
    if (claimed.status === 'confirmed' || claimed.status === 'returned') return 'line_repeats';
    if (claimed.status !== 'instructed') return 'not_instructed';
  } else {
    if (claimed.status === 'returned') return 'line_repeats';
    if (claimed.status !== 'confirmed') return 'not_confirmed';
  }
  // A payout goes out and its return comes in; a collection the other way round.
  const goesOut = (type === 'RecordConfirmation') === (claimed.direction === 'payout');
  if (line.amountMinor !== (goesOut ? -claimed.amountMinor : claimed.amountMinor)) return 'amount_differs';
  if (line.currency !== claimed.currency) return 'currency_differs';
  return line.accountNumber === claimed.accountNumber ? undefined : 'account_differs';
}
