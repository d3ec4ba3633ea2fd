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

/**
 * How a platform's consumer groups begin. A dot in the platform's id is written otherwise, so that `A` may not call itself by the beginning of the
 * groups of `A.B`.
 */
export const platformGroupPrefix = (platformId: string): string => `platform.${platformId.replaceAll('.', '%2E')}.`;

/** Dead letters of a consumer group. */
export const deadLetterTopic = (topic: string, group: string): string => `${topic}.${group}.dead`;
