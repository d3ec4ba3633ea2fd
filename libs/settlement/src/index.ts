export type { Bank, BankInstruction, BankInstructionStatus, StatementLine } from './bank.js';
export * from './models.js';
export { SettlementModule, type SettlementModuleOptions } from './settlement.module.js';
export { settlementCategories, settlementProjection } from './settlement.projection.js';
export { settlementPublisher } from './settlement.publish.js';
export { settlementTables } from './settlement.tables.js';
export { settlementService } from './settlement.definition.js';
