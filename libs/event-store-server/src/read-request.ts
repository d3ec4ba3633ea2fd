import { BadRequestError } from './errors.js';
import type { FilterRequest } from './event-filter.js';
import { streams } from './protocol.js';
import { streamNameOf } from './request-parsing.js';

/** Where a read begins: a position of $all, or a revision of a stream. */
export type ReadFrom = number | 'start' | 'end';

export interface ReadRequest {
  /** Undefined for $all. */
  readonly stream: string | undefined;
  readonly from: ReadFrom;
  readonly isBackward: boolean;
  readonly isSubscription: boolean;
  /** Events at most; Infinity for a subscription. */
  readonly count: number;
  readonly resolveLinks: boolean;
  readonly filter: FilterRequest | undefined;
  /** Positions between two checkpoints of a filtered subscription. */
  readonly checkpointInterval: number;
}

/** What EventStoreDB takes for the window when the client leaves it to the server. */
const DEFAULT_WINDOW = 32;

/** @throws BadRequestError */
export function parseReadRequest(request: streams.ReadReq): ReadRequest {
  const options = request.getOptions();
  if (!options) throw new BadRequestError('Required field options not set.');
  const isBackward = options.getReadDirection() === streams.ReadReq.Options.ReadDirection.BACKWARDS;
  const isSubscription = options.hasSubscription();
  if (isBackward && isSubscription) throw new BadRequestError('The combination of (Backwards, Subscription) is invalid.');
  const filter = options.getFilter();
  return {
    ...targetOf(options),
    isBackward,
    isSubscription,
    count: isSubscription ? Infinity : Number(options.getCount()),
    resolveLinks: options.getResolveLinks(),
    filter: filter && filterOf(filter),
    checkpointInterval: filter ? checkpointIntervalOf(filter) : Infinity,
  };
}

function targetOf(options: streams.ReadReq.Options): { stream: string | undefined; from: ReadFrom } {
  const stream = options.getStream();
  if (stream) {
    const from = stream.hasStart() ? 'start' : stream.hasEnd() ? 'end' : numberOf(stream.getRevision());
    return { stream: streamNameOf(stream.getStreamIdentifier()), from };
  }
  const all = options.getAll();
  if (!all) throw new BadRequestError('Required field stream option not set.');
  const from = all.hasStart() ? 'start' : all.hasEnd() ? 'end' : numberOf(all.getPosition()?.getCommitPosition() ?? '0');
  return { stream: undefined, from };
}

function filterOf(filter: streams.ReadReq.Options.FilterOptions): FilterRequest {
  const on = filter.hasEventType() ? 'event-type' : 'stream-name';
  const expression = on === 'event-type' ? filter.getEventType() : filter.getStreamIdentifier();
  if (!expression) throw new BadRequestError('Required field filter not set.');
  return { on, prefixes: expression.getPrefixList(), regex: expression.getRegex() };
}

function checkpointIntervalOf(filter: streams.ReadReq.Options.FilterOptions): number {
  const window = filter.hasMax() ? filter.getMax() : DEFAULT_WINDOW;
  const interval = window * filter.getCheckpointintervalmultiplier();
  if (interval <= 0) throw new BadRequestError('The window and the checkpoint interval multiplier must be greater than 0.');
  return interval;
}

/** An unsigned 64-bit number; what is beyond 2^53 is beyond any event as well. */
const numberOf = (decimal: string): number => Math.min(Number(decimal), Number.MAX_SAFE_INTEGER);
