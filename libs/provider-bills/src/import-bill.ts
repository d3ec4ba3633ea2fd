import { importAlipayBill } from './alipay.import.js';
import type { BillItem, BillSource, Provider } from './bill-line.js';
import { type StripeImportOptions, importStripeBill } from './stripe.import.js';
import { importWeChatBill } from './wechat.import.js';

/** A bill of the provider, as items: see its importer. */
export function importBill(provider: Provider, source: BillSource, options: StripeImportOptions = {}): AsyncGenerator<BillItem> {
  switch (provider) {
    case 'alipay':
      return importAlipayBill(source, options);
    case 'wechat':
      return importWeChatBill(source, options);
    case 'stripe':
      return importStripeBill(source, options);
    default:
      return provider satisfies never;
  }
}
