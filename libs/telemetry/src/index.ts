export * from './conventions.js';
export type { Ask, Sample } from './gauge-source.js';
export * from './logger.js';
export * from './loop-watch.js';
export * from './metric-catalogue.js';
export * from './metrics.js';
export * from './start-telemetry.js';
export * from './traceparent.js';
export * from './tracing.js';
