export { FinanceModule } from './finance.module.js';
export type { FinanceOptions } from './finance.options.js';
export { financePart } from './finance.part.js';
export { financeCategories, financeProjection } from './finance.projection.js';
export { financeTables } from './finance.tables.js';
