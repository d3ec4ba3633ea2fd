export * from './currency.js';
export * from './integer-math.js';
