import type { Publisher } from '@tongbao/bus';

/** What notification folds: its own streams. All else comes over the bus. */
export const notificationCategories = ['endpoint', 'news', 'delivery'] as const;

/** Notification is where news end: it tells the other services nothing. */
export const notificationPublisher: Publisher = { service: 'notification', categories: [], topics: [], publish: () => [] };
