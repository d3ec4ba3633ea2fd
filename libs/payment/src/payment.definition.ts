import type { Provider as Connector } from '@tongbao/contracts';
import type { ServiceDefinition } from '@tongbao/service';
import { paymentCategories, PaymentModule } from './payment.module.js';
import { paymentPublisher } from './payment.publish.js';
import { paymentProjection } from './payments.view.js';

/** The payment service, offering the providers of these connectors. */
export const paymentService = (connectors: readonly Connector[]): ServiceDefinition => ({
  name: 'payment',
  categories: paymentCategories,
  publisher: paymentPublisher,
  projection: paymentProjection,
  module: PaymentModule.register({ connectors }),
});
