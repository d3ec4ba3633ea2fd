import type { Message } from 'google-protobuf';
import { NO_REVISION, type ExpectedRevision } from './events.js';
import { Any, Code, GoogleEmpty, RpcStatus, shared } from './protocol.js';

type BatchError = InstanceType<typeof RpcStatus>;

/*
 * A refused append of a batch is answered inside the stream, with a google.rpc.Status whose details are an Any of a message of
 * event_store.client (Status.cs of EventStoreDB). The client knows the error by the name of that type.
 */

export const batchWrongRevision = (expected: ExpectedRevision, actual: number): BatchError =>
  statusOf(Code.ALREADY_EXISTS, 'WrongExpectedVersion', wrongRevisionOf(expected, actual));

export const batchStreamDeleted = (stream: string): BatchError =>
  statusOf(Code.NOT_FOUND, 'StreamDeleted', new shared.StreamDeleted().setStreamIdentifier(identifierOf(stream)));

export const batchTimeout = (): BatchError => statusOf(Code.DEADLINE_EXCEEDED, 'Timeout', new shared.Timeout());

export const batchMaxAppendSize = (maxBytes: number): BatchError =>
  statusOf(Code.INVALID_ARGUMENT, 'MaximumAppendSizeExceeded', new shared.MaximumAppendSizeExceeded().setMaxappendsize(maxBytes));

/** @param message what is wrong; also the status message, because the client shows nothing else of it */
export const batchBadRequest = (message: string): BatchError =>
  statusOf(Code.INVALID_ARGUMENT, 'BadRequest', new shared.BadRequest().setMessage(message), message);

/** Damage found while deciding. The client has no error for it; an Any of no type it knows makes it show the message. */
export const batchDataLoss = (message: string): BatchError => {
  const nothing = new Any();
  nothing.pack(new GoogleEmpty().serializeBinary(), 'google.protobuf.Empty', 'type.googleapis.com');
  return new RpcStatus().setCode(Code.DATA_LOSS).setMessage(message).setDetails(nothing);
};

export const identifierOf = (stream: string): shared.StreamIdentifier => new shared.StreamIdentifier().setStreamName(Buffer.from(stream));

function statusOf(code: (typeof Code)[keyof typeof Code], type: string, details: Message, message = type): BatchError {
  const packed = new Any();
  packed.pack(details.serializeBinary(), `event_store.client.${type}`, 'type.googleapis.com');
  return new RpcStatus().setCode(code).setMessage(message).setDetails(packed);
}

function wrongRevisionOf(expected: ExpectedRevision, actual: number): shared.WrongExpectedVersion {
  const details = new shared.WrongExpectedVersion();
  if (actual === NO_REVISION) details.setCurrentNoStream(new GoogleEmpty());
  else details.setCurrentStreamRevision(String(actual));
  switch (expected) {
    case 'any':
      return details.setExpectedAny(new GoogleEmpty());
    case 'no_stream':
      return details.setExpectedNoStream(new GoogleEmpty());
    case 'stream_exists':
      return details.setExpectedStreamExists(new GoogleEmpty());
    default:
      return details.setExpectedStreamPosition(BigInt(expected).toString());
  }
}
