/** Why a file is refused as a whole, or one instruction is: nothing of it may be used. */
export type RefusalCode =
  // The file as bytes and as XML.
  | 'too_large'
  | 'encoding_unsupported'
  | 'malformed'
  | 'doctype_refused'
  // Which message it is.
  | 'message_unknown'
  | 'message_unexpected'
  | 'version_unsupported'
  // What the message's schema says.
  | 'element_unexpected'
  | 'element_repeated'
  | 'element_missing'
  | 'attribute_unexpected'
  | 'attribute_missing'
  | 'text_unexpected'
  | 'value_invalid'
  // Amounts.
  | 'currency_unknown'
  | 'currency_differs'
  | 'amount_precision'
  | 'amount_too_large'
  // What we are asked to write.
  | 'amount_not_positive'
  | 'text_missing'
  | 'text_too_long'
  | 'character_refused'
  | 'iban_invalid'
  | 'bic_invalid'
  | 'date_invalid'
  | 'sepa_rule'
  | 'limit_exceeded'
  | 'reference_repeated'
  | 'balances_differ';

/** What a readable statement says that does not agree with itself, or that it has been seen before. */
export type FindingCode =
  | 'balance_missing'
  | 'balances_differ'
  | 'count_differs'
  | 'sum_differs'
  | 'batch_differs'
  | 'details_differ'
  | 'details_without_amount'
  | 'statement_repeated'
  | 'sequence_repeated'
  | 'statement_known'
  | 'statement_marked_copy';

/** A coded problem and its place. */
export interface Problem<Code extends string = RefusalCode | FindingCode> {
  readonly code: Code;
  /** The element, as `/Document/BkToCstmrStmt/Stmt[2]/Ntry[17]/Amt`; an attribute as `…/Amt/@Ccy`. Elements that may repeat are counted from 1. */
  readonly path: string;
  /** Of a file that is read: from 1. */
  readonly line?: number;
  readonly detail: string;
}

/** A file cannot be used, or cannot be written. */
export class BankFileRefused extends Error {
  override readonly name = 'BankFileRefused';
  constructor(readonly problem: Problem<RefusalCode>) {
    const { code, path, line, detail } = problem;
    super(`${code} at ${path}${line === undefined ? '' : `, line ${line}`}: ${detail}`);
  }
}
