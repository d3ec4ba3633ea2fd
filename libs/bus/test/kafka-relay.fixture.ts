import { idOf, type DomainEvent } from '@tongbao/event-store';
import type { Publisher } from '../src/index.js';

/** What the services of the relay's specs store. */
export interface Numbered extends DomainEvent {
  type: 'Numbered';
  n: number;
  /** A platform that is told as well. */
  platform?: string;
  /** Makes the message long. */
  padding?: string;
}

export const eventsTopic = (service: string): string => `tongbao.${service}.events`;
export const platformTopic = (platform: string): string => `tongbao.platform.${platform}.events`;

export const publisherOf = (service: string): Publisher => ({
  service,
  categories: [service],
  publish: (stored) => {
    const { n, platform, padding } = stored.event as Numbered;
    const message = { key: idOf(stored.stream), type: 'NumberTold', data: { n, ...(padding && { padding }) } };
    const topics = [eventsTopic(service), ...(platform ? [platformTopic(platform)] : [])];
    return topics.map((topic) => ({ ...message, topic }));
  },
});
