import type { Publisher } from '@tongbao/bus';
import type { Projection } from '@tongbao/read-model';
import { serviceNames, type ServiceName } from '@tongbao/service';
import { InvalidArgumentError } from 'commander';

/** What a service makes of events: rows, and messages. Both pure. */
export interface Folds {
  projection: Projection;
  publisher: Publisher;
}

/** The service's own. Loaded only here: hardly any command needs the code of the services. */
export async function foldsOf(service: ServiceName): Promise<Folds> {
  switch (service) {
    case 'payment': {
      const { paymentProjection, paymentPublisher } = await import('@tongbao/payment');
      return { projection: paymentProjection, publisher: paymentPublisher };
    }
    case 'ledger': {
      const { ledgerProjection, ledgerPublisher } = await import('@tongbao/ledger');
      return { projection: ledgerProjection, publisher: ledgerPublisher };
    }
    case 'settlement': {
      const { settlementProjection, settlementPublisher } = await import('@tongbao/settlement');
      return { projection: settlementProjection, publisher: settlementPublisher };
    }
    case 'notification': {
      const { notificationProjection, notificationPublisher } = await import('@tongbao/notification');
      return { projection: notificationProjection, publisher: notificationPublisher };
    }
    default:
      return service satisfies never;
  }
}

/** Of commander's options. */
export function serviceName(text: string): ServiceName {
  const name = serviceNames.find((each) => each === text);
  if (!name) throw new InvalidArgumentError(`It must be one of ${serviceNames.join(', ')}.`);
  return name;
}
