export * from './sandbox-bank.js';
export * from './sandbox-provider.js';
export * from './sandbox.http.js';
export * from './sandbox.module.js';
