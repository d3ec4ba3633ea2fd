import { createGzip } from 'node:zlib';
import { alipayTradeBill } from './alipay.generate.js';
import type { BillType, Provider } from './bill-line.js';
import { through } from './bill-source.js';
import { withErrors } from './generate.errors.js';
import type { BilledMovement, ChosenError } from './generate.types.js';
import type { Period } from './reconcile.types.js';
import { stripeCsvLines, stripeJsonLines, type StripeBillForm } from './stripe.generate.js';
import { wechatFundLines, wechatTradeLines } from './wechat.generate.js';

export interface GenerateOptions {
  readonly provider: Provider;
  readonly bill: BillType;
  /** The day of the bill. Movements outside of it are written all the same. */
  readonly period: Period;
  readonly errors?: readonly ChosenError[];
  /** Our account at the provider. */
  readonly account?: string;
  /** As gzip; Alipay's is always a ZIP. */
  readonly gzip?: boolean;
  /** Stripe's. Default: CSV. */
  readonly format?: 'csv' | 'json';
  /** Stripe's. Default: `tongbao_key`. */
  readonly metadataKey?: string;
  readonly payout?: StripeBillForm['payout'];
}

/**
 * A bill of the provider from movements, with the chosen errors; the totals are those of what is written. Memory does not grow with it, and the same input gives
 * the same bytes.
 * @throws RangeError for a bill that the provider has not, a currency that it has not, and errors that the bill cannot show
 */
export function generateBill(movements: Iterable<BilledMovement>, options: GenerateOptions): AsyncGenerator<Uint8Array> {
  const { provider, bill, period, errors = [], account = provider === 'alipay' ? '20880000000000000156' : '1900000001' } = options;
  const written = withErrors(inCurrencyOf(provider, movements), errors, provider, bill);
  switch (provider) {
    case 'alipay':
      if (bill === 'fund') throw new RangeError("Alipay's fund bill is not made here");
      return alipayTradeBill(written, { period, account });
    case 'wechat': {
      const form = { appId: 'wx8888888888888888', account };
      return bytesOf(bill === 'trade' ? wechatTradeLines(written, form) : wechatFundLines(written, form), '\r\n', options);
    }
    case 'stripe': {
      const form = {
        metadataKey: options.metadataKey ?? 'tongbao_key',
        ...(options.payout === undefined ? {} : { payout: options.payout }),
      };
      return bytesOf(options.format === 'json' ? stripeJsonLines(written, form) : stripeCsvLines(written, form), '\n', options);
    }
    default:
      return provider satisfies never;
  }
}

function* inCurrencyOf(provider: Provider, movements: Iterable<BilledMovement>): Generator<BilledMovement> {
  for (const movement of movements) {
    if (provider !== 'stripe' && movement.currency !== 'CNY') throw new RangeError(`bills of ${provider} are in CNY`);
    yield movement;
  }
}

async function* bytesOf(lines: Iterable<string>, lineBreak: string, { gzip = false }: GenerateOptions): AsyncGenerator<Uint8Array> {
  if (gzip) yield* through(blocksOf(lines, lineBreak), createGzip());
  else yield* blocksOf(lines, lineBreak);
}

function* blocksOf(lines: Iterable<string>, lineBreak: string): Generator<Uint8Array> {
  let block = '';
  for (const line of lines) {
    block += line + lineBreak;
    if (block.length < 32_768) continue;
    yield Buffer.from(block);
    block = '';
  }
  yield Buffer.from(block);
}
