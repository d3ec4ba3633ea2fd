export * from './models.js';
export * from './sides.js';
