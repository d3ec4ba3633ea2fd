import streams from '@eventstore/db-client/generated/streams_pb.js';

/*
 * The client hands the bytes of an event to google-protobuf as base64, which decodes it in JavaScript, twice for each append: half of all that a process does
 * that appends large events. Node decodes the same text in a hundredth of the time, and google-protobuf takes bytes as they are.
 */
for (const message of [streams.AppendReq.ProposedMessage.prototype, streams.BatchAppendReq.ProposedMessage.prototype]) {
  for (const setter of ['setData', 'setCustomMetadata'] as const) {
    // Called on the message that it is called on.
    // eslint-disable-next-line @typescript-eslint/unbound-method
    const original = message[setter];
    message[setter] = function (value: Uint8Array | string) {
      return original.call(this, typeof value === 'string' ? Buffer.from(value, 'base64') : value);
    };
  }
}
