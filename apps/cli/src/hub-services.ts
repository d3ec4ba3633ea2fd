import type { Publisher } from '@tongbao/bus';
import type { Projection } from '@tongbao/read-model';
import { serviceNames, type ServiceName } from '@tongbao/service';
import { InvalidArgumentError } from 'commander';

/** What a service tells the topics. Loaded only here: hardly any command needs the code of the services. */
export async function publisherOf(service: ServiceName): Promise<Publisher> {
  switch (service) {
    case 'payment':
      return (await import('@tongbao/payment')).paymentPublisher;
    case 'ledger':
      return (await import('@tongbao/ledger')).ledgerPublisher;
    case 'settlement':
      return (await import('@tongbao/settlement')).settlementPublisher;
    case 'notification':
      return (await import('@tongbao/notification')).notificationPublisher;
    default:
      return service satisfies never;
  }
}

/** Projections of the hub by their names; that of the transparency log needs a key that is the ledger's alone. */
const projections = {
  payment: async () => (await import('@tongbao/payment')).paymentProjection,
  ledger: async () => (await import('@tongbao/ledger')).ledgerProjection,
  settlement: async () => (await import('@tongbao/settlement')).settlementProjection,
  finance: async () => (await import('@tongbao/finance')).financeProjection,
  reconciliation: async () => (await import('@tongbao/reconciliation')).reconciliationProjection,
  notification: async () => (await import('@tongbao/notification')).notificationProjection,
} satisfies Record<string, () => Promise<Projection>>;

export type ProjectionName = keyof typeof projections;
const isProjectionName = (name: string): name is ProjectionName => name in projections;

/** Loaded only here, as `publisherOf` does. */
export const projectionOf = (name: ProjectionName): Promise<Projection> => projections[name]();

/** Of commander's options. */
export function projectionName(text: string): ProjectionName {
  if (isProjectionName(text)) return text;
  throw new InvalidArgumentError(`It must be one of ${Object.keys(projections).join(', ')}.`);
}

/** Of commander's options. */
export function serviceName(text: string): ServiceName {
  const name = serviceNames.find((each) => each === text);
  if (!name) throw new InvalidArgumentError(`It must be one of ${serviceNames.join(', ')}.`);
  return name;
}
