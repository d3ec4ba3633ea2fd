export * from './checkpoint.js';
export * from './errors.js';
export * from './event.js';
export * from './event-store.js';
export * from './handle.js';
export * from './lease.js';
export type { LeaseAcquired, LeaseEvent, LeaseReleased, LeaseRenewed, LeaseTerm } from './lease-candidate.js';
export * from './log-feed.js';
export * from './upcasting.js';
