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
  ledger: ['/v1/ledger', '/v1/receipts', '/log', '/v1/projections/log'],
  settlement: ['/v1/settlement', '/v1/finance', '/v1/reconciliation', '/v1/projections/reconciliation', '/v1/withdrawals'],
  notification: ['/v1/endpoints', '/v1/deliveries', '/v1/events'],
};

/** Paths that every process serves for what it hosts: `<prefix>/<service>` is that service's. */
export const sharedPaths = ['/v1/projections', '/v1/dead-letters', '/v1/relays'] as const;
