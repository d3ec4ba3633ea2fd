import { Currency, Text, Timestamp } from '@tongbao/service';
import { mostRateDigits } from './fx-rate.js';

export class FxQuoteBody {
  @Currency({ description: 'what parties sell by it' })
  from!: string;

  @Currency({ description: 'what they get' })
  to!: string;

  @Text({
    max: 21,
    pattern: /^\d{1,10}(\.\d{1,10})?$/,
    example: '0.138889',
    description: `units of what is bought for one unit of what is sold (dollars for a yuan): decimal, at most ${mostRateDigits} digits after the point`,
  })
  rate!: string;

  @Timestamp({ description: 'nothing is locked by it from then on; at most seven days away' })
  expiresAt!: string;

  @Text({ max: 200, description: "where it comes from: a bank's offer, a fixing", example: 'offer 4711 of the bank' })
  source!: string;
}

export class WithdrawQuoteBody {
  @Text({ max: 500, description: 'why nothing may be locked by it any more' })
  reason!: string;
}
