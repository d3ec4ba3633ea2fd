import type { handleClientStreamingCall, sendUnaryData } from '@grpc/grpc-js';
import { NO_REVISION, type ExpectedRevision, type ProposedEvent, type WriteOutcome } from './events.js';
import { shared, streams } from './protocol.js';
import { appendSizeOf, deadlineMsOf, expectedRevisionOf, MissingMetadataError, proposedEventOf, streamNameOf } from './request-parsing.js';
import { failureOf, failureOfWrite, maxAppendSizeExceeded, requiredMetadataMissing, unavailable } from './rpc-errors.js';
import { BadRequestError } from './errors.js';
import type { RpcHost } from './rpc-host.js';

type AppendReq = streams.AppendReq;
type AppendResp = streams.AppendResp;

/** An append as its messages arrive: the options first, then one event each. */
class IncomingAppend {
  #target: { stream: string; expected: ExpectedRevision } | undefined;
  readonly events: ProposedEvent[] = [];
  #bytes = 0;
  readonly #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @throws BadRequestError, MissingMetadataError, ServiceError when the append is too large */
  add(request: AppendReq): void {
    const options = request.getOptions();
    if (options) {
      const stream = streamNameOf(options.getStreamIdentifier());
      this.#target = { stream, expected: expectedRevisionOf(options, options.hasRevision() ? options.getRevision() : undefined) };
      return;
    }
    const message = request.getProposedMessage();
    if (!message) throw new BadRequestError('An append request must carry options or an event.');
    const event = proposedEventOf(message);
    this.#bytes += appendSizeOf(event);
    if (this.#bytes > this.#maxBytes) throw maxAppendSizeExceeded(this.#maxBytes);
    this.events.push(event);
  }

  /** @throws BadRequestError when no options came */
  get target(): { stream: string; expected: ExpectedRevision } {
    if (!this.#target) throw new BadRequestError('Required field options not set.');
    return this.#target;
  }
}

/** Streams.Append: one call, one append. An unmet expectation is a response, every other failure a status. */
export function appendHandler({ store, calls }: RpcHost): handleClientStreamingCall<AppendReq, AppendResp> {
  return (call, callback) => {
    const incoming = new IncomingAppend(store.limits.maxAppendBytes);
    let isAnswered = false;
    const fail = (error: unknown) => {
      if (!isAnswered) callback(error instanceof MissingMetadataError ? requiredMetadataMissing(error.property) : failureOf(error));
      isAnswered = true;
    };
    call.on('error', fail);
    call.on('data', (request: AppendReq) => {
      if (!isAnswered) attempt(() => incoming.add(request), fail);
    });
    call.on('end', () => {
      if (isAnswered || call.cancelled) return;
      attempt(() => {
        if (calls.refusal !== undefined) throw unavailable(calls.refusal);
        const { target } = incoming;
        const done = (outcome: WriteOutcome) => answer(callback, target, outcome);
        store.append({ ...target, deadlineMs: deadlineMsOf(call.getDeadline()), done }, incoming.events);
      }, fail);
    });
  };
}

function attempt(step: () => void, fail: (error: unknown) => void): void {
  try {
    step();
  } catch (error) {
    fail(error);
  }
}

function answer(callback: sendUnaryData<AppendResp>, target: { stream: string; expected: ExpectedRevision }, outcome: WriteOutcome): void {
  if (outcome.kind === 'done') callback(null, new streams.AppendResp().setSuccess(successOf(outcome.revision, outcome.position)));
  else if (outcome.kind === 'wrong-revision')
    callback(null, new streams.AppendResp().setWrongExpectedVersion(wrongRevisionOf(target.expected, outcome.actual)));
  else callback(failureOfWrite(outcome, target.stream));
}

function successOf(revision: number, position: number | undefined): streams.AppendResp.Success {
  const success = new streams.AppendResp.Success();
  if (revision === NO_REVISION) success.setNoStream(new shared.Empty());
  else success.setCurrentRevision(String(revision));
  if (position === undefined) return success.setNoPosition(new shared.Empty());
  const text = String(position);
  return success.setPosition(new streams.AppendResp.Position().setCommitPosition(text).setPreparePosition(text));
}

function wrongRevisionOf(expected: ExpectedRevision, actual: number): streams.AppendResp.WrongExpectedVersion {
  const response = new streams.AppendResp.WrongExpectedVersion();
  if (actual === NO_REVISION) response.setCurrentNoStream(new shared.Empty());
  else response.setCurrentRevision(String(actual));
  switch (expected) {
    case 'any':
      return response.setExpectedAny(new shared.Empty());
    case 'no_stream':
      return response.setExpectedNoStream(new shared.Empty());
    case 'stream_exists':
      return response.setExpectedStreamExists(new shared.Empty());
    default:
      return response.setExpectedRevision(BigInt(expected).toString());
  }
}
