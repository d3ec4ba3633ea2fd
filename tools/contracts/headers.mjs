// Headers of records, as JSON Schemas: CloudEvents 1.0 in the binary mode of its Kafka binding, and the hub's own.
import { headerNames } from '../../libs/bus/dist/message.js';
import { joseContentType } from '../../libs/contracts/dist/signatures.js';

const text = (description, more = {}) => ({ type: 'string', description, ...more });

/** On what the hub tells. */
export const cloudEventHeaders = {
  type: 'object',
  properties: {
    [headerNames.specVersion]: text('Version of CloudEvents.', { const: '1.0' }),
    [headerNames.id]: text('The same for every delivery of the message: drop what was handled already.'),
    [headerNames.type]: text('Type of the message; pass over one that is not known.'),
    [headerNames.source]: text('The service that tells it.'),
    [headerNames.time]: text('When it happened.', { format: 'date-time' }),
    [headerNames.contentType]: text('How the value is written.', { const: 'application/json' }),
    [headerNames.causationId]: text(
      "What caused it: on a platform's own topic the platform's command, else the event that it was published from.",
    ),
    [headerNames.correlationId]: text('The same for all that belongs together: the payment.'),
    [headerNames.position]: text('Place in the log of the event that it was published from; rises along a topic’s key. Decimal.', {
      pattern: '^\\d{1,20}$',
    }),
    [headerNames.revision]: text('Revision of that event in its stream. Decimal.', { pattern: '^\\d{1,20}$' }),
    [headerNames.traceparent]: text('W3C Trace Context.'),
    [headerNames.replay]: text(
      'Only on a message that operators have sent once more: names that replay. All else is as it was the first time; the hub’s own groups pass over it.',
    ),
  },
  required: [headerNames.specVersion, headerNames.id, headerNames.type, headerNames.source, headerNames.time, headerNames.contentType],
};

/** On what platforms command. */
export const commandHeaders = {
  type: 'object',
  properties: {
    [headerNames.specVersion]: text('Version of CloudEvents.', { const: '1.0' }),
    [headerNames.id]: text('The commandId of the payload.'),
    [headerNames.type]: text('The type of the payload.'),
    [headerNames.source]: text('`platform:<platformId>`.'),
    [headerNames.time]: text('When it was sent.', { format: 'date-time' }),
    [headerNames.contentType]: text('Compact JWS, or compact JWE around it.', { const: joseContentType }),
    [headerNames.traceparent]: text('W3C Trace Context; the trace goes on through the hub.'),
  },
  required: [headerNames.id, headerNames.type, headerNames.contentType],
};

const dead = (name, description, more) => [`tongbao-dead-${name}`, text(description, more)];

/** On what was put aside. */
export const deadLetterHeaders = {
  type: 'object',
  description: "The original's own headers, and these.",
  properties: Object.fromEntries([
    dead('group', 'The group that could not handle it.'),
    dead('topic', 'Where it was: topic.'),
    dead('partition', 'Where it was: partition. Decimal.'),
    dead('offset', 'Where it was: offset. Decimal.'),
    dead('timestamp', 'When it was written there: milliseconds since 1970. Decimal.'),
    dead('reason', 'It cannot be read; nobody handles its type; its handler failed; or it follows one of its key.', {
      enum: ['malformed', 'unknown_command', 'failed', 'follows'],
    }),
    dead('error-name', 'What went wrong.'),
    dead('error-message', 'What went wrong.'),
    dead('error-stack', 'Where in the code.'),
  ]),
  required: ['group', 'topic', 'partition', 'offset', 'reason'].map((name) => `tongbao-dead-${name}`),
};
