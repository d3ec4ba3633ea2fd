/** The models that a process settles by; see SettlementModule. */
export const SETTLEMENT_MODELS = Symbol('SETTLEMENT_MODELS');
