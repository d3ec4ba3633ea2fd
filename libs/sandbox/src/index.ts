export * from './sandbox-bank.js';
export * from './sandbox-provider.js';
