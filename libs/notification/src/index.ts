export { notificationProjection } from './notification.projection.js';
export { notificationCategories, notificationPublisher } from './notification.publish.js';
export { NotificationModule } from './notification.module.js';
export { retrySchedule } from './delivery.decide.js';
export type { DispatcherOptions } from './delivery.dispatcher.js';
export type { DeliverySummary } from './deliveries.view.js';
export type { EndpointSummary } from './endpoints.view.js';
export { newsTypes, type NewsType } from './news.js';
export { notificationService } from './notification.definition.js';
