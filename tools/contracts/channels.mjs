// The topics and who uses them, in words.
import { headerNames } from '../../libs/bus/dist/message.js';
import { platformContracts } from '../../libs/contracts/dist/schema.js';
import { commandJwsType, commandMaxAgeSeconds } from '../../libs/contracts/dist/signatures.js';
import { platformEventsTopic, topics } from '../../libs/contracts/dist/topics.js';

export const prose = (...sentences) => sentences.join(' ');

/** Channels by name. `from` is the topic whose messages it carries; `key` says what keeps an order. */
export const channels = {
  paymentCommands: {
    address: topics.paymentCommands,
    key: 'The order of a RequestPayment, else the payment. Commands of a key are handled in their order.',
    description: prose(
      'Commands of platforms, signed. The value of a record is a compact JWS (RFC 7515, `alg` Ed25519,',
      `\`typ\` \`${commandJwsType}\`, \`kid\` \`<platformId>/<kid>\` of a registered key) whose payload is the message as described here,`,
      'or a compact JWE (RFC 7516, `alg` ECDH-ES, `enc` A256GCM, `cty` JWS) to the key of the hub around that JWS. One that cannot be read or',
      "proved becomes a dead letter; one that is refused is answered on the platform's own topic, as one is that is older than",
      `${commandMaxAgeSeconds / 3600} hours when the hub first sees it.`,
    ),
  },
  paymentEvents: {
    address: topics.paymentEvents,
    key: "The payment; of a refused command that names none, the command's id.",
    description: 'News of payments: what became of them.',
  },
  platformEvents: {
    address: platformEventsTopic('{platformId}'),
    from: platformContracts,
    key: "The payment; of a refused command that names none, the command's id.",
    description: prose(
      `What one platform may read: the news of its payments, and the answers to its commands. Their \`${headerNames.causationId}\` is the`,
      'commandId of the command that led to them, where there was one.',
    ),
    parameters: { platformId: { description: 'The platform. Access control lets it read this topic and no other.', examples: ['A'] } },
  },
  ledgerCommands: {
    address: topics.ledgerCommands,
    key: 'The payment, or the hold of a payout.',
    description: 'Between services: holds that payment and settlement ask the ledger for.',
  },
  ledgerEvents: {
    address: topics.ledgerEvents,
    key: 'The payment or payout that the hold is for, or the party that it is about.',
    description: 'Between services: what became of the holds, and who comes near its net debit cap.',
  },
  settlementCommands: {
    address: topics.settlementCommands,
    key: 'The settlement.',
    description: 'Between services: reserved, no message is written to it yet.',
  },
  settlementEvents: {
    address: topics.settlementEvents,
    key: 'The payment, window, settlement or payout that it is about.',
    description: 'News of windows, settlements and payouts.',
  },
};

/** Who does what, as the hub sees it. */
export const operations = {
  receivePlatformCommands: ['receive', 'paymentCommands', 'Payment carries out what platforms command.', ['payment']],
  sendPaymentEvents: ['send', 'paymentEvents', 'Payment tells what became of payments.'],
  sendPlatformEvents: ['send', 'platformEvents', 'Payment tells a platform of its own payments and answers its commands.'],
  receivePaymentEvents: ['receive', 'paymentEvents', 'Notification passes news on by webhooks and server-sent events.', ['notification']],
  sendLedgerCommands: ['send', 'ledgerCommands', 'Payment and settlement ask for holds.'],
  receiveLedgerCommands: ['receive', 'ledgerCommands', 'The ledger places and voids holds.', ['ledger']],
  sendLedgerEvents: ['send', 'ledgerEvents', 'The ledger answers.'],
  receiveLedgerEvents: [
    'receive',
    'ledgerEvents',
    'Payment and settlement go on when their holds are answered, notification tells platforms of their caps.',
    ['payment', 'settlement', 'notification'],
  ],
  sendSettlementEvents: ['send', 'settlementEvents', 'Settlement tells of windows, settlements and payouts.'],
  receiveSettlementEvents: [
    'receive',
    'settlementEvents',
    'Payment learns which payments are settled, notification tells platforms.',
    ['payment', 'notification'],
  ],
};
