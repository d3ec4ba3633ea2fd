import type { AccountRoute } from '@tongbao/contracts';

/** What the hub's bank is asked to do. `key` is the payout's or withdrawal's id: however often it is given, money moves once. */
export interface BankInstruction {
  key: string;
  /** Counts the instructions under the key: another one is given only when the one before was rejected. */
  attempt: number;
  /** `payout`: from the hub's account; `collection`: a debit of the other's account. */
  direction: 'payout' | 'collection';
  amountMinor: number;
  currency: string;
  accountNumber: string;
  holder: string;
  route?: AccountRoute;
  reference: string;
}

/** `unknown`: the bank has no such instruction. */
export type BankInstructionStatus = 'unknown' | 'accepted' | { rejected: string };

/** A line of the hub's account statement. */
export interface StatementLine {
  /** From 1, without a gap. */
  sequence: number;
  lineId: string;
  /** Positive: came in; negative: went out. */
  amountMinor: number;
  currency: string;
  /** The other side's account. */
  accountNumber: string;
  reference: string;
  bookedAt: string;
  /** The instruction that the line carries out, or takes back, as the bank says. */
  key?: string;
  /** It takes an earlier line back. */
  isReturn?: true;
  /** The provider that paid out our balance there. */
  provider?: string;
  /** The bank's own charge. */
  isFee?: true;
}

/**
 * The bank that the hub pays through. The sandbox bank is one; files as per ISO 20022 are another.
 * A call that fails or takes too long throws: whether the bank has taken the instruction is then unknown and must be asked by its key.
 */
export interface Bank {
  /** Names the account `bank:<name>`. */
  readonly name: string;
  /** Taken once for each key; a rejected one may be given again, as nothing has moved. Taken is not paid: only the statement says that. */
  instruct(instruction: BankInstruction): Promise<'accepted' | { rejected: string }>;
  /** Of one instruction under a key: what became of an earlier one says nothing of it, unless that was accepted. */
  status(key: string, attempt: number): Promise<BankInstructionStatus>;
  /** Keeps an instruction from going out that has not yet; a bank that is told at once has none. */
  giveUp?(key: string, attempt: number, by: string, reason: string): Promise<unknown>;
  /** Lines after a running number, in order. */
  statement(afterSequence: number, limit: number): Promise<StatementLine[]>;
}
