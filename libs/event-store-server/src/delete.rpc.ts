import type { handleUnaryCall, sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import type { WriteOutcome } from './events.js';
import { shared, streams } from './protocol.js';
import { deadlineMsOf, expectedRevisionOf, streamNameOf } from './request-parsing.js';
import { failureOf, failureOfWrite, unavailable, wrongExpectedVersion } from './rpc-errors.js';
import type { RpcHost } from './rpc-host.js';

type DeleteOptions = streams.DeleteReq.Options | streams.TombstoneReq.Options;

/** Streams.Delete: a soft delete, after which the stream can be written again. */
export function deleteHandler(host: RpcHost): handleUnaryCall<streams.DeleteReq, streams.DeleteResp> {
  return (call, callback) =>
    remove(host, call, callback, call.request.getOptions(), false, (position) => {
      const response = new streams.DeleteResp();
      if (position === undefined) return response.setNoPosition(new shared.Empty());
      return response.setPosition(new streams.DeleteResp.Position().setCommitPosition(position).setPreparePosition(position));
    });
}

/** Streams.Tombstone: a delete for good. */
export function tombstoneHandler(host: RpcHost): handleUnaryCall<streams.TombstoneReq, streams.TombstoneResp> {
  return (call, callback) =>
    remove(host, call, callback, call.request.getOptions(), true, (position) => {
      const response = new streams.TombstoneResp();
      if (position === undefined) return response.setNoPosition(new shared.Empty());
      return response.setPosition(new streams.TombstoneResp.Position().setCommitPosition(position).setPreparePosition(position));
    });
}

function remove<Response>(
  { store, calls }: RpcHost,
  call: Pick<ServerUnaryCall<unknown, Response>, 'getDeadline'>,
  callback: sendUnaryData<Response>,
  options: DeleteOptions | undefined,
  hard: boolean,
  respond: (position: string | undefined) => Response,
): void {
  try {
    if (calls.refusal !== undefined) throw unavailable(calls.refusal);
    const stream = streamNameOf(options?.getStreamIdentifier());
    const expected = options ? expectedRevisionOf(options, options.hasRevision() ? options.getRevision() : undefined) : 'any';
    const done = (outcome: WriteOutcome) => {
      if (outcome.kind === 'done') callback(null, respond(outcome.position === undefined ? undefined : String(outcome.position)));
      else if (outcome.kind === 'wrong-revision')
        callback(wrongExpectedVersion(hard ? 'Tombstone' : 'Delete', stream, expected, outcome.actual));
      else callback(failureOfWrite(outcome, stream));
    };
    store.delete({ stream, expected, deadlineMs: deadlineMsOf(call.getDeadline()), done }, hard);
  } catch (error) {
    callback(failureOf(error));
  }
}
