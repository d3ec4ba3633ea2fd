export * from './local-cluster.js';
export { NodeProcess, NotReady, type NodeProgram } from './node-process.js';
export { Part } from './part.js';
export { serviceOf } from './settings.js';
export { Supervised } from './supervised.js';
