export {
  defaultLimits,
  type BillEnd,
  type BillHead,
  type BillItem,
  type BillLimits,
  type BillLine,
  type BillProblem,
  type BillSource,
  type BillType,
  type ImportOptions,
  type LineKind,
  type LineStatus,
  type Movement,
  type ProblemCode,
  type Provider,
} from './bill-line.js';
export { importAlipayBill } from './alipay.import.js';
export { importWeChatBill } from './wechat.import.js';
export { importStripeBill, type StripeImportOptions } from './stripe.import.js';
export { importBill } from './import-bill.js';
export { billLines } from './bill-lines.js';
export { reconcile } from './reconcile.js';
export type {
  Amounts,
  Break,
  BreakKind,
  Carried,
  Difference,
  Explained,
  Movements,
  Period,
  ReconcileInput,
  ReconcileItem,
  ReconcileOptions,
  ReconcileSummary,
  Side,
  SideTotal,
  SideView,
} from './reconcile.types.js';
export { partOf } from './reconcile.subject.js';
export { Spill } from './spill.js';
export { generateBill, type GenerateOptions } from './generate.js';
export { plantedBreaks } from './generate.errors.js';
export { factsOf, type BilledMovement, type ChosenError, type PlantedBreak } from './generate.types.js';
