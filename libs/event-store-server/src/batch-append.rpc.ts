import type { handleBidiStreamingCall, ServerDuplexStream, ServiceError } from '@grpc/grpc-js';
import {
  batchBadRequest,
  batchDataLoss,
  batchMaxAppendSize,
  batchStreamDeleted,
  batchTimeout,
  batchWrongRevision,
  identifierOf,
} from './batch-status.js';
import { BadRequestError } from './errors.js';
import { NO_REVISION, type ExpectedRevision, type ProposedEvent, type WriteOutcome } from './events.js';
import { GoogleEmpty, shared, streams } from './protocol.js';
import { appendSizeOf, expectedRevisionOf, proposedEventOf, streamNameOf, uuidBytesOf } from './request-parsing.js';
import { failureOf, unavailable } from './rpc-errors.js';
import type { RpcHost } from './rpc-host.js';

type BatchAppendReq = streams.BatchAppendReq;
type BatchAppendResp = streams.BatchAppendResp;
type BatchCall = ServerDuplexStream<BatchAppendReq, BatchAppendResp>;
type BatchError = ReturnType<typeof batchTimeout>;

/** An append whose parts still arrive. */
interface PendingAppend {
  readonly stream: string;
  readonly expected: ExpectedRevision;
  readonly deadlineMs: number;
  readonly events: ProposedEvent[];
  bytes: number;
  timer: NodeJS.Timeout | undefined;
}

/** Streams.BatchAppend: many appends over one call, each in one or more messages with the same correlation id, each answered by one message. */
export function batchAppendHandler(host: RpcHost): handleBidiStreamingCall<BatchAppendReq, BatchAppendResp> {
  return (call) => {
    if (host.calls.refusal !== undefined) {
      call.emit('error', unavailable(host.calls.refusal));
      return;
    }
    new BatchSession(host, call).start();
  };
}

class BatchSession {
  readonly #store: RpcHost['store'];
  readonly #calls: RpcHost['calls'];
  readonly #call: BatchCall;
  readonly #pending = new Map<string, PendingAppend>();
  #unanswered = 0;
  #isHalfClosed = false;
  #isOver = false;
  #unregister: (() => void) | undefined;

  constructor({ store, calls }: RpcHost, call: BatchCall) {
    this.#store = store;
    this.#calls = calls;
    this.#call = call;
  }

  start(): void {
    this.#unregister = this.#calls.open((reason) => this.#abort(unavailable(reason)));
    const finish = () => this.#finish();
    this.#call.on('data', (request: BatchAppendReq) => this.#receive(request));
    this.#call.on('drain', () => this.#call.resume());
    this.#call.on('cancelled', finish);
    this.#call.on('error', finish);
    this.#call.on('close', finish);
    this.#call.on('end', () => {
      this.#isHalfClosed = true;
      this.#endWhenAnswered();
    });
  }

  /** Ends the call with a status: the only way to tell the client that none of the appends it waits for will be answered. */
  #abort(failure: ServiceError): void {
    if (this.#isOver) return;
    this.#finish();
    this.#call.emit('error', failure);
  }

  #finish(): void {
    this.#isOver = true;
    this.#unregister?.();
    for (const { timer } of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  #receive(request: BatchAppendReq): void {
    if (this.#isOver) return;
    const key = correlationKey(request.getCorrelationId());
    try {
      const append = this.#collect(key, request);
      if (!append) return;
      if (append.bytes > this.#store.limits.maxAppendBytes) {
        this.#forget(key, append);
        this.#refuse(request, append.stream, batchMaxAppendSize(this.#store.limits.maxAppendBytes));
        return;
      }
      if (request.getIsFinal()) this.#submit(key, request, append);
      else this.#expectMore(key, request, append);
    } catch (error) {
      if (!(error instanceof BadRequestError)) {
        this.#abort(failureOf(error));
        return;
      }
      this.#forget(key, this.#pending.get(key));
      const identifier = request.getOptions()?.getStreamIdentifier();
      this.#refuse(
        request,
        identifier ? Buffer.from(identifier.getStreamName_asU8()).toString('utf8') : '',
        batchBadRequest(error.message),
      );
    }
  }

  /** Adds a message to its append; undefined for a later part of an append that has been refused already. @throws BadRequestError */
  #collect(key: string, request: BatchAppendReq): PendingAppend | undefined {
    const options = request.getOptions();
    const append = this.#pending.get(key) ?? (options ? beginAppend(request, options) : undefined);
    if (!append) return undefined;
    for (const message of request.getProposedMessagesList()) {
      const event = proposedEventOf(message);
      append.events.push(event);
      append.bytes += appendSizeOf(event);
    }
    return append;
  }

  #submit(key: string, request: BatchAppendReq, append: PendingAppend): void {
    this.#forget(key, append);
    this.#unanswered += 1;
    const { stream, expected, deadlineMs, events } = append;
    const done = (outcome: WriteOutcome) => {
      this.#unanswered -= 1;
      this.#answer(request, append, outcome);
      this.#endWhenAnswered();
    };
    this.#store.append({ stream, expected, deadlineMs, done }, events);
  }

  /** An append that never becomes complete is refused at its deadline. */
  #expectMore(key: string, request: BatchAppendReq, append: PendingAppend): void {
    this.#pending.set(key, append);
    if (append.timer) return;
    const timeoutMs = Math.min(append.deadlineMs - Date.now(), this.#store.limits.writeTimeoutMs);
    append.timer = setTimeout(
      () => {
        this.#forget(key, append);
        this.#refuse(request, append.stream, batchTimeout());
      },
      Math.max(0, timeoutMs),
    );
  }

  #forget(key: string, append: PendingAppend | undefined): void {
    clearTimeout(append?.timer);
    this.#pending.delete(key);
  }

  #answer(request: BatchAppendReq, append: PendingAppend, outcome: WriteOutcome): void {
    if (outcome.kind === 'done') this.#send(responseTo(request, append.stream).setSuccess(successOf(outcome.revision, outcome.position)));
    else if (outcome.kind === 'unavailable') this.#abort(unavailable(outcome.reason));
    else this.#refuse(request, append.stream, refusalOf(append, outcome));
  }

  #refuse(request: BatchAppendReq, stream: string, error: BatchError): void {
    this.#send(responseTo(request, stream).setError(error));
  }

  #send(response: BatchAppendResp): void {
    if (this.#isOver) return;
    // A client that does not read its answers may not send more requests.
    if (!this.#call.write(response)) this.#call.pause();
  }

  #endWhenAnswered(): void {
    if (this.#isHalfClosed && this.#unanswered === 0 && !this.#isOver) this.#call.end();
  }
}

function beginAppend(request: BatchAppendReq, options: streams.BatchAppendReq.Options): PendingAppend {
  uuidBytesOf(request.getCorrelationId());
  return {
    stream: streamNameOf(options.getStreamIdentifier()),
    expected: expectedRevisionOf(options, options.hasStreamPosition() ? options.getStreamPosition() : undefined),
    deadlineMs: options.getDeadline()?.toDate().getTime() ?? Infinity,
    events: [],
    bytes: 0,
    timer: undefined,
  };
}

const correlationKey = (id: shared.UUID | undefined): string => {
  const structured = id?.getStructured();
  return structured ? `${structured.getMostSignificantBits()}/${structured.getLeastSignificantBits()}` : (id?.getString() ?? '');
};

const responseTo = (request: BatchAppendReq, stream: string): BatchAppendResp =>
  new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId()).setStreamIdentifier(identifierOf(stream));

function successOf(revision: number, position: number | undefined): streams.BatchAppendResp.Success {
  const success = new streams.BatchAppendResp.Success();
  if (revision === NO_REVISION) success.setNoStream(new GoogleEmpty());
  else success.setCurrentRevision(String(revision));
  if (position === undefined) return success.setNoPosition(new GoogleEmpty());
  const text = String(position);
  return success.setPosition(new shared.AllStreamPosition().setCommitPosition(text).setPreparePosition(text));
}

function refusalOf(append: PendingAppend, outcome: Exclude<WriteOutcome, { kind: 'done' | 'unavailable' }>): BatchError {
  switch (outcome.kind) {
    case 'wrong-revision':
      return batchWrongRevision(append.expected, outcome.actual);
    case 'stream-deleted':
      return batchStreamDeleted(append.stream);
    case 'timed-out':
      return batchTimeout();
    case 'damaged':
      return batchDataLoss(outcome.reason);
    default:
      return outcome satisfies never;
  }
}
