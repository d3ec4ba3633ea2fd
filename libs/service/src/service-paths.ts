/** The services of the hub. */
export const serviceNames = ['payment', 'ledger', 'settlement', 'notification'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** Which service serves which paths: each prefix is served by one service, with everything below it. */
export const servicePaths: Readonly<Record<ServiceName, readonly string[]>> = {
  payment: [
    '/v1/payments',
    '/v1/platforms',
    '/v1/creators',
    '/v1/agreements',
    '/v1/bank-accounts',
    '/v1/wallets',
    '/v1/providers',
    '/v1/sandbox',
    '/.well-known',
  ],
  ledger: ['/v1/ledger', '/v1/receipts', '/log'],
  settlement: ['/v1/settlement', '/v1/finance', '/v1/reconciliation', '/v1/withdrawals', '/v1/fx'],
  notification: ['/v1/endpoints', '/v1/deliveries', '/v1/events'],
};

/** Projections that bear another name than the service that keeps them. */
const furtherProjections: Readonly<Record<string, ServiceName>> = { log: 'ledger', finance: 'settlement', reconciliation: 'settlement' };

/** The service by its own name, or by that of one of its projections. */
export const serviceOf = (name: string): ServiceName | undefined =>
  serviceNames.find((service) => service === name) ?? furtherProjections[name];

/** What stands under a shared path for what a service hosts: its own name, and those of its projections. */
export const namesOf = (service: ServiceName): string[] => [
  service,
  ...Object.keys(furtherProjections).filter((name) => furtherProjections[name] === service),
];

/** Paths that every process serves for what it hosts: `<prefix>/<service>` is that service's, and so are its projections'. */
export const sharedPaths = ['/v1/projections', '/v1/dead-letters', '/v1/relays'] as const;
