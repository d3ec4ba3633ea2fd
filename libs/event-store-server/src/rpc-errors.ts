import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import { isSqliteError } from './database.js';
import { BadRequestError, DamagedEventError, messageOf } from './errors.js';
import { NO_REVISION, type ExpectedRevision, type WriteOutcome } from './events.js';

/*
 * The failures of a call as EventStoreDB puts them (RpcExceptions.cs): a gRPC status, and trailers that tell the client which typed error
 * to make of it. `exception` names the type; the other keys are its fields.
 */

/** A call's failure, as @grpc/grpc-js wants it: a status with details and trailers. */
export function rpcError(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.set(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

export const streamDeleted = (stream: string): ServiceError =>
  rpcError(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': headerSafe(stream),
  });

export const maxAppendSizeExceeded = (maxBytes: number): ServiceError =>
  rpcError(status.INVALID_ARGUMENT, `Maximum Append Size of ${maxBytes} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(maxBytes),
  });

export const requiredMetadataMissing = (property: string): ServiceError =>
  rpcError(status.INVALID_ARGUMENT, missingMetadataText(property), {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });

export const missingMetadataText = (property: string): string => `Required Metadata Property '${property}' is missing`;

const timedOut = (): ServiceError => rpcError(status.ABORTED, 'Operation timed out: the write waited too long for its turn.');

export const unavailable = (reason: string): ServiceError => rpcError(status.UNAVAILABLE, reason);

const dataLoss = (reason: string): ServiceError => rpcError(status.DATA_LOSS, reason);

export function wrongExpectedVersion(operation: string, stream: string, expected: ExpectedRevision, actual: number): ServiceError {
  const expectedVersion = String(expectedNumber(expected));
  const actualVersion = actual === NO_REVISION ? '' : String(actual);
  return rpcError(
    status.FAILED_PRECONDITION,
    `${operation} failed due to WrongExpectedVersion. Stream: ${stream}, Expected version: ${expectedVersion}, Actual version: ${actualVersion}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': headerSafe(stream),
      'expected-version': expectedVersion,
      'actual-version': actualVersion,
    },
  );
}

/** A write that failed for a reason that all kinds of writes share. */
export function failureOfWrite(outcome: Exclude<WriteOutcome, { kind: 'done' | 'wrong-revision' }>, stream: string): ServiceError {
  switch (outcome.kind) {
    case 'stream-deleted':
      return streamDeleted(stream);
    case 'timed-out':
      return timedOut();
    case 'damaged':
      return dataLoss(outcome.reason);
    case 'unavailable':
      return unavailable(outcome.reason);
    default:
      return outcome satisfies never;
  }
}

/** Whatever was thrown while serving a call, as its failure. */
export function failureOf(error: unknown): ServiceError {
  if (isServiceError(error)) return error;
  if (error instanceof BadRequestError) return rpcError(status.INVALID_ARGUMENT, error.message);
  if (error instanceof DamagedEventError) return dataLoss(error.message);
  if (isSqliteError(error)) return dataLoss(`The store could not be read: ${error.message}`);
  return rpcError(status.UNKNOWN, messageOf(error));
}

/** EventStoreDB's numbers for expectations that are no revision. */
function expectedNumber(expected: ExpectedRevision): number {
  switch (expected) {
    case 'any':
      return -2;
    case 'no_stream':
      return -1;
    case 'stream_exists':
      return -4;
    default:
      return expected;
  }
}

/** gRPC allows only printable ASCII in trailers; other characters of a name are percent-encoded there. */
const headerSafe = (text: string): string => text.replace(/[^ -~]+/gu, (part) => encodeURIComponent(part));

function isServiceError(error: unknown): error is ServiceError {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' && 'details' in error && 'metadata' in error;
}
