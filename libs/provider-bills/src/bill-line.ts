export type Provider = 'alipay' | 'wechat' | 'stripe';

/** `trade`: what payers paid and got back. `fund`: what moved in our account at the provider. */
export type BillType = 'trade' | 'fund';

export type LineKind = 'payment' | 'refund' | 'fee' | 'payout' | 'dispute' | 'adjustment';

export type LineStatus = 'succeeded' | 'pending' | 'failed';

/**
 * One movement of money at a provider, as a bill says it or as we believe it. Amounts are integer minor units of the currency, signed as our money there
 * changes: payments are positive; refunds, payouts and lost disputes negative. What is left for us is `amountMinor - feeMinor`.
 */
export interface Movement {
  readonly kind: LineKind;
  /** Our key of this movement: the provider key of an attempt, the key of a refund. */
  readonly ourKey?: string;
  /** The provider's number of this movement. Some providers give a refund the number of its payment. */
  readonly providerRef?: string;
  /** Of a refund: our key of its payment. */
  readonly paymentKey?: string;
  /** A `fee` has 0 here and the fee in `feeMinor`. */
  readonly amountMinor: number;
  /** Positive: the provider took it; negative: it gave it back. Not there: not known, and not compared. */
  readonly feeMinor?: number;
  /** What the provider books for the amount where that differs: coupons that it or we paid for. */
  readonly settledMinor?: number;
  /** Of a `fee` that belongs to a movement with a line of its own: that movement's kind. */
  readonly feeOf?: 'payment' | 'refund';
  readonly currency: string;
  /** ISO 8601 in UTC. */
  readonly at: string;
  readonly status: LineStatus;
  /** It was carried from the bill before, see `reconcile`. */
  readonly carried?: boolean;
}

/** A movement as a line of a bill. */
export interface BillLine extends Movement {
  readonly provider: Provider;
  readonly providerRef: string;
  readonly feeMinor: number;
  /** In the file as it is, from 1; of JSON the line where the object begins. */
  readonly line: number;
  /** The file within a ZIP. */
  readonly file?: string;
}

export interface BillHead {
  readonly provider: Provider;
  readonly bill: BillType;
  readonly file?: string;
  /** The account and the period, where the file says them. `to` is exclusive. */
  readonly account?: string;
  readonly from?: string;
  readonly to?: string;
}

export type ProblemCode =
  // The container
  | 'zip_malformed'
  | 'zip_encrypted'
  | 'zip_too_many_entries'
  | 'crc_mismatch'
  | 'gzip_malformed'
  | 'truncated'
  | 'too_large'
  | 'bomb'
  | 'wrong_container'
  // The file
  | 'empty'
  | 'no_statement'
  | 'wrong_bill'
  | 'header_missing'
  | 'header_incomplete'
  | 'header_duplicate'
  | 'detail_missing'
  | 'summary_missing'
  | 'totals_missing'
  | 'totals_malformed'
  | 'count_differs'
  | 'total_differs'
  | 'line_after_totals'
  // A line
  | 'encoding'
  | 'line_too_long'
  | 'column_count'
  | 'columns_ambiguous'
  | 'quote_malformed'
  | 'json_malformed'
  | 'reference_missing'
  | 'reference_malformed'
  | 'amount_malformed'
  | 'amount_out_of_range'
  | 'amount_precision'
  | 'amount_sign'
  | 'time_malformed'
  | 'currency_unknown'
  | 'kind_unknown'
  | 'status_unknown'
  | 'net_differs'
  | 'fee_details_differ';

/** What is wrong with a bill. Lines without problems are read all the same. */
export interface BillProblem {
  readonly code: ProblemCode;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  /** The column as the provider names it. */
  readonly field?: string;
  /** As it stands in the file, cut to 100 characters. */
  readonly value?: string;
}

export interface BillEnd {
  /** Rows of the bill, the malformed ones too. */
  readonly rows: number;
  readonly lines: number;
  readonly problems: number;
  /** The file states totals and they are those of its rows. */
  readonly verified: boolean;
  /** Of the lines, by currency. */
  readonly sums: Readonly<Record<string, { readonly lines: number; readonly amountMinor: bigint; readonly feeMinor: bigint }>>;
}

export type BillItem =
  | { readonly type: 'head'; readonly head: BillHead }
  | { readonly type: 'line'; readonly line: BillLine }
  | { readonly type: 'problem'; readonly problem: BillProblem }
  /** The last item, always. */
  | { readonly type: 'end'; readonly end: BillEnd };

export interface BillLimits {
  /** Of all that is unpacked. */
  readonly maxBytes: number;
  /** Unpacked to packed, once a mebibyte is unpacked. DEFLATE reaches 1,032; bills of a million lines stay under 50. */
  readonly maxRatio: number;
  readonly maxLineBytes: number;
  readonly maxZipEntries: number;
}

export const defaultLimits: BillLimits = { maxBytes: 2 * 1024 ** 3, maxRatio: 200, maxLineBytes: 64 * 1024, maxZipEntries: 16 };

export interface ImportOptions {
  /** The bill that it should be; another one is `wrong_bill`. Without: whichever it is. */
  readonly bill?: BillType;
  readonly limits?: Partial<BillLimits>;
  /** Where a ZIP that comes as a stream is kept while it is read. */
  readonly tempDir?: string;
}

/** Bytes of a bill: all of them, a file, or a stream. */
export type BillSource = Uint8Array | AsyncIterable<Uint8Array> | { readonly path: string };
