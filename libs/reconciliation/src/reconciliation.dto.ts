import { accountPattern } from '@tongbao/contracts';
import { AmountMinor, Currency, Id, Integer, ListOf, Nested, OneOf, Text, TextList } from '@tongbao/service';

export class FeeBody {
  @Integer({ min: 0, max: 10_000, description: 'ten-thousandths of the amount' })
  basisPoints!: number;

  @AmountMinor({ zero: true })
  fixedMinor!: number;
}

export class CurrencyTermsBody {
  @Currency()
  currency!: string;

  @AmountMinor({ zero: true, description: 'amounts may differ by so much' })
  amountToleranceMinor!: number;

  @AmountMinor({ zero: true, description: 'fees may differ by so much' })
  feeToleranceMinor!: number;

  @Nested(() => FeeBody, { optional: true, description: 'what the provider takes of a payment, where agreements do not say it' })
  fee?: FeeBody;
}

export class TermsBody {
  @OneOf(['alipay', 'wechat', 'stripe'], { description: 'whose form the bills have' })
  format!: 'alipay' | 'wechat' | 'stripe';

  @Text({ max: 64, description: "IANA name of the provider's clock", example: 'Asia/Shanghai' })
  timeZone!: string;

  @Text({ min: 5, max: 5, pattern: /^([01]\d|2[0-3]):[0-5]\d$/, description: "when the provider's day begins, by its clock" })
  dayBegins!: string;

  @TextList({ min: 1, max: 2, values: ['trade', 'fund'], description: 'the bills that a day is complete with' })
  bills!: ('trade' | 'fund')[];

  @OneOf(['trade', 'fund'], { description: 'the bill whose fees are posted' })
  feesFrom!: 'trade' | 'fund';

  @Text({ optional: true, max: 64, description: 'our account there; a bill of another one is refused' })
  account?: string;

  @Integer({ min: 0, max: 43_200_000, description: 'how far from the cut of a day a movement may stand in the bill of the other day' })
  cutToleranceMs!: number;

  @Integer({ min: 0, max: 30, description: 'days that a payout may take to our bank' })
  payoutDays!: number;

  @Integer({ min: 1, max: 50_000, description: 'a run that finds more breaks fails' })
  maxBreaks!: number;

  @ListOf(() => CurrencyTermsBody, { max: 50 })
  currencies!: CurrencyTermsBody[];
}

export class StartRunBody {
  @Text({ max: 32, pattern: /^[a-z][a-z0-9]*$/ })
  provider!: string;

  @Text({ min: 10, max: 10, pattern: /^\d{4}-\d{2}-\d{2}$/, description: 'day of the bills, by the clock of the provider' })
  day!: string;
}

export class NoteBody {
  @Text({ max: 1_000, description: 'why' })
  note!: string;
}

export class ApproveProposalBody {
  @Id({ max: 64, description: 'what is approved, so that nobody approves something else than they saw' })
  proposalId!: string;
}

export class CommentBody {
  @Text({ max: 2_000 })
  text!: string;
}

export class OwnerBody {
  @Text({ max: 100, description: 'whose it is from now on' })
  owner!: string;
}

export class CorrectionTransferBody {
  @Text({ max: 140, pattern: accountPattern })
  from!: string;

  @Text({ max: 140, pattern: accountPattern })
  to!: string;

  @Integer({ max: 1_000_000_000_000, description: 'integer minor units' })
  amountMinor!: number;
}

export class CorrectionBody {
  @Currency()
  currency!: string;

  @ListOf(() => CorrectionTransferBody, { max: 100 })
  transfers!: CorrectionTransferBody[];

  @Text({ max: 1_000, description: 'why' })
  note!: string;
}

export class ExplanationBody {
  @Text({ max: 140, pattern: accountPattern, description: 'the account that the line belongs to', example: 'platform:A' })
  account!: string;

  @Text({ max: 1_000, description: 'what says so' })
  note!: string;
}
