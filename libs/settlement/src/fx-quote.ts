import type { FxQuoted, FxQuoteEvent, FxQuoteWithdrawn, ProblemCode } from '@tongbao/contracts';
import type { Decision, Fold } from '@tongbao/event-store';
import { isInverse, isNear } from './fx-rate.js';

/** The quotes of one currency for another: the newest counts, and those that a repeated command may be about. */
export interface FxQuotes {
  /** The newest; absent where it is withdrawn, or where there never was one. */
  newest?: FxQuoted;
  /** The newest, also where it is withdrawn or has expired: how far the next one may be from it without another person. */
  last?: FxQuoted;
  known: ReadonlyMap<string, FxQuoted>;
  withdrawn: ReadonlyMap<string, FxQuoteWithdrawn>;
}

export const fxQuoteStream = (from: string, to: string): string => `fxquote-${from}_${to}`;

/** A quote's name says which stream it is on. */
export const fxQuoteIdOf = (from: string, to: string, commandId: string): string =>
  `fxq_${from}_${to}_${commandId.replace(/^cmd_/, '').slice(0, 20)}`;

export function currenciesIn(quoteId: string): [from: string, to: string] | undefined {
  const [, from, to] = /^fxq_([A-Z]{3})_([A-Z]{3})_/.exec(quoteId) ?? [];
  return from !== undefined && to !== undefined ? [from, to] : undefined;
}

export const fxQuotesFold: Fold<FxQuotes, FxQuoteEvent> = { initial: { known: new Map(), withdrawn: new Map() }, evolve };

function evolve({ newest, last, known, withdrawn }: FxQuotes, event: FxQuoteEvent): FxQuotes {
  if (event.type === 'FxQuoted') return { newest: event, last: event, known: new Map(known).set(event.quoteId, event), withdrawn };
  const isNewest = newest?.quoteId === event.quoteId;
  return { ...(newest && !isNewest && { newest }), ...(last && { last }), known, withdrawn: new Map(withdrawn).set(event.quoteId, event) };
}

/** No quote counts longer: who quotes for longer guesses. */
export const longestQuoteMs = 7 * 86_400_000;

/** What counts at a time. */
export const countingQuote = ({ newest }: Pick<FxQuotes, 'newest'>, at: string): FxQuoted | undefined =>
  newest && Date.parse(newest.expiresAt) > Date.parse(at) ? newest : undefined;

export type FxQuoteCommand =
  /** @property inverse what counts the other way round */
  | { type: 'RecordQuote'; quote: Omit<FxQuoted, 'type' | 'quotedAt'>; inverse: FxQuoted | undefined; now: string }
  | { type: 'WithdrawQuote'; quoteId: string; by: string; reason: string };

/** Why a command is refused. The order of `refusals` is the order of precedence: the first that applies answers. */
export type FxQuoteRefusal = Extract<
  ProblemCode,
  'invalid' | 'not_found' | 'idempotency_key_reused' | 'rate_implausible' | 'four_eyes' | 'state_conflict'
>;

/** Decides what the hub gives for a currency. A command that finds its work done changes nothing and is no error. */
export function decideFxQuote(command: FxQuoteCommand, state: FxQuotes): Decision<FxQuoteEvent, FxQuoteRefusal> {
  if (isDone(command, state)) return { events: [] };
  const refusal = refusals.find(([, applies]) => applies(command, state));
  if (refusal) return { refused: refusal[0] };
  if (command.type === 'RecordQuote') return { events: [{ type: 'FxQuoted', ...command.quote, quotedAt: command.now }] };
  const { quoteId, by, reason } = command;
  const quote = state.known.get(quoteId);
  return quote ? { events: [{ type: 'FxQuoteWithdrawn', quoteId, from: quote.from, to: quote.to, by, reason }] } : { refused: 'not_found' };
}

const refusals: [FxQuoteRefusal, (command: FxQuoteCommand, state: FxQuotes) => boolean][] = [
  ['invalid', (command) => command.type === 'RecordQuote' && fxQuoteProblem(command) !== undefined],
  ['not_found', (command, { known }) => command.type === 'WithdrawQuote' && !known.has(command.quoteId)],
  ['idempotency_key_reused', (command, { known }) => command.type === 'RecordQuote' && known.has(command.quote.quoteId)],
  [
    'rate_implausible',
    (command) => command.type === 'RecordQuote' && command.inverse !== undefined && !isInverse(command.quote, command.inverse),
  ],
  ['rate_implausible', (command, state) => command.type === 'RecordQuote' && isFarFromNewest(command, state)],
  ['four_eyes', (command, state) => command.type === 'RecordQuote' && isOwnLeap(command, state)],
  // It counts no more: nothing that it could be kept from.
  ['state_conflict', (command, { newest }) => command.type === 'WithdrawQuote' && newest?.quoteId !== command.quoteId],
];

function isFarFromNewest({ quote, now }: Extract<FxQuoteCommand, { type: 'RecordQuote' }>, state: FxQuotes): boolean {
  const counting = countingQuote(state, now);
  return counting !== undefined && !isNear(quote, counting);
}

/** Nobody takes the rate from one place to quite another one alone: not who said the one before, nor who withdrew it, however long ago; not in steps, either. */
function isOwnLeap({ quote }: Extract<FxQuoteCommand, { type: 'RecordQuote' }>, { last, known, withdrawn }: FxQuotes): boolean {
  if (!last || (quote.by !== last.by && quote.by !== withdrawn.get(last.quoteId)?.by)) return false;
  const quotes = [...known.values()];
  const before = quotes.findLast(({ by }) => by !== quote.by) ?? quotes[0];
  return !isNear(quote, last) || (before !== undefined && !isNear(quote, before));
}

/** What is wrong with a field of it. */
export function fxQuoteProblem({
  quote,
  now,
}: Pick<Extract<FxQuoteCommand, { type: 'RecordQuote' }>, 'quote' | 'now'>): { field: string; detail: string } | undefined {
  const { from, to, rateUnits, expiresAt } = quote;
  if (from === to) return { field: 'to', detail: 'to must be another currency than from.' };
  if (rateUnits <= 0) return { field: 'rate', detail: 'rate must be more than 0.' };
  const countsMs = Date.parse(expiresAt) - Date.parse(now);
  if (countsMs > 0 && countsMs <= longestQuoteMs) return undefined;
  return { field: 'expiresAt', detail: 'expiresAt must be in the future, and at most seven days away.' };
}

function isDone(command: FxQuoteCommand, { known, withdrawn }: FxQuotes): boolean {
  if (command.type === 'WithdrawQuote') return withdrawn.get(command.quoteId)?.by === command.by;
  const { quoteId, from, to, rateUnits, rateScale, expiresAt } = command.quote;
  const same = known.get(quoteId);
  return (
    same !== undefined &&
    [same.from, same.to, same.rateUnits, same.rateScale, same.expiresAt].join() === [from, to, rateUnits, rateScale, expiresAt].join()
  );
}
