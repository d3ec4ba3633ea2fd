import type { ServiceDefinition } from '@tongbao/service';
import { NotificationModule } from './notification.module.js';
import { notificationProjection } from './notification.projection.js';
import { notificationCategories, notificationPublisher } from './notification.publish.js';

/** The notification service. */
export const notificationService = (): ServiceDefinition => ({
  name: 'notification',
  categories: notificationCategories,
  publisher: notificationPublisher,
  projection: notificationProjection,
  module: NotificationModule.register(),
});
