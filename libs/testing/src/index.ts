export { auditStore, type AuditReport } from './auditor.js';
export * from './eventually.js';
export * from './hub-client.js';
export * from './hub-process.js';
export * from './golden-events.js';
export { ClusterProcess } from './cluster-process.js';
export * from './paper-bank.js';
