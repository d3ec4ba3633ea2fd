export * from './payment.module.js';
export * from './payment.publish.js';
export { paymentProjection } from './payments.view.js';
export { paymentService } from './payment.definition.js';
