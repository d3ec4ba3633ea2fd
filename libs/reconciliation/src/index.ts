export { isBillDay } from './bill-day.js';
export { reconciliationPart } from './reconciliation.part.js';
export { ReconciliationModule, type ReconciliationOptions } from './reconciliation.module.js';
export { reconciliationCategories, reconciliationProjection } from './reconciliation.projection.js';
export { generateBills, ProviderUnknown, type BillsToGenerate, type GeneratedBills } from './bill-generation.js';
export { ErrorsNotPossible, type ErrorPlan } from './chosen-errors.js';
