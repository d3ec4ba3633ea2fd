export { benchEventStore, type BenchOptions, type BenchReport } from './bench.js';
export { appendNewStreams, type NewStream } from './bulk.js';
export { DamagedEventError, EventStoreFatalError, EventStoreLockedError } from './errors.js';
export type { EventStoreLimits } from './limits.js';
export { startEventStoreServer, type EventStoreServer, type EventStoreServerOptions, type EventStoreStats } from './server.js';
export { verifyStore, type Damage, type VerifyProgress, type VerifyReport } from './verify.js';
export { startEventStoreWorker, type EventStoreWorker, type EventStoreWorkerOptions } from './worker-host.js';
