/** Topics of the bus; 12 partitions each, key = the aggregate's id. */
export const topics = {
  paymentCommands: 'tongbao.payment.commands',
  paymentEvents: 'tongbao.payment.events',
  ledgerCommands: 'tongbao.ledger.commands',
  ledgerEvents: 'tongbao.ledger.events',
  settlementCommands: 'tongbao.settlement.commands',
  settlementEvents: 'tongbao.settlement.events',
} as const;

export type Topic = (typeof topics)[keyof typeof topics];

export const partitionsPerTopic = 12;

/** What one platform may read. */
export const platformEventsTopic = (platformId: string): string => `tongbao.platform.${platformId}.events`;

/** Dead letters of a consumer group. */
export const deadLetterTopic = (topic: string, group: string): string => `${topic}.${group}.dead`;
