import { AmountMinor, Currency, Flag, Id, Integer, ListOf, Nested, OneOf, Text, TextList, Timestamp } from '@tongbao/service';

export class PayerBody {
  @Id({ description: 'the user at the hub' })
  userId!: string;
}

export class CreatorBody {
  @Id()
  creatorId!: string;

  @Integer({ min: 1, max: 1_000_000, description: 'weight among the creators of the item' })
  share!: number;
}

export class ItemBody {
  @Id({ max: 128 })
  contentId!: string;

  @AmountMinor({ zero: true, description: 'A: price of one, in minor units' })
  unitPriceMinor!: number;

  @Integer({ min: 1, max: 100_000, description: 'R: how many' })
  quantity!: number;

  @Id({ optional: true, description: 'platform that owns the content; the seller when left out' })
  ownerId?: string;

  @ListOf(() => CreatorBody, { optional: true, max: 20 })
  creators?: CreatorBody[];

  @Id()
  agreementId!: string;
}

export class MethodBody {
  @Text({ max: 32, pattern: /^[a-z][a-z0-9]*$/, description: 'a provider of the hub, or wallet', example: 'alipay' })
  provider!: string;

  @Text({ optional: true, max: 200, description: "the provider's token; for the sandbox the script of its behaviour" })
  token?: string;
}

export class PaymentBody {
  @Id()
  platformId!: string;

  @Id({ max: 128 })
  orderId!: string;

  @Nested(() => PayerBody)
  payer!: PayerBody;

  @ListOf(() => ItemBody, { min: 1, max: 50 })
  items!: ItemBody[];

  @AmountMinor({ zero: true, description: 'the sum of unitPriceMinor times quantity' })
  amountMinor!: number;

  @Currency()
  currency!: string;

  @Nested(() => MethodBody)
  method!: MethodBody;

  @Id({ optional: true, description: 'platform that processes the payment; the seller when left out' })
  processorId?: string;

  @Id({ optional: true, description: 'platform that referred the payer' })
  referrerId?: string;

  @OneOf(['hub', 'platform'], { optional: true, description: 'who takes the money in; hub when left out' })
  collection?: 'hub' | 'platform';

  @OneOf(['automatic', 'manual'], { optional: true, description: 'manual: authorize, capture by a command' })
  captureMode?: 'automatic' | 'manual';

  @Timestamp({ optional: true })
  expiresAt?: string;
}

export class NewAttemptBody {
  @Nested(() => MethodBody)
  method!: MethodBody;
}

export class CancelBody {
  @Text({ optional: true, max: 200 })
  reason?: string;
}

export class RefundBody {
  @Id({ optional: true, description: 'made from the idempotency key when left out' })
  refundId?: string;

  @AmountMinor()
  amountMinor!: number;

  @Currency()
  currency!: string;

  @Text({ optional: true, max: 200 })
  reason?: string;
}

export class OpenDisputeBody {
  @Id({ optional: true, description: "the provider's id of it, or another; made from the idempotency key when left out" })
  disputeId?: string;

  @AmountMinor({ description: 'what is in dispute; with refunds and other disputes never more than what was captured' })
  amountMinor!: number;

  @Currency()
  currency!: string;

  @Text({ max: 200 })
  reason!: string;
}

export class CloseDisputeBody {
  @OneOf(['won', 'lost', 'part'], { description: 'for the parties: lost, the payer gets all of it back' })
  outcome!: 'won' | 'lost' | 'part';

  @AmountMinor({ optional: true, description: 'what the payer gets back; with part, and only with part' })
  lostMinor?: number;

  @AmountMinor({
    optional: true,
    zero: true,
    description: 'what the provider charges for the dispute; borne by whoever bears its fees by the split, or by the seller',
  })
  feeMinor?: number;
}

export class ConflictBody {
  @OneOf(['accepted', 'refunded'])
  resolution!: 'accepted' | 'refunded';

  @Text({ max: 500 })
  note!: string;
}

export class TopUpBody {
  @AmountMinor()
  amountMinor!: number;

  @Currency()
  currency!: string;

  @Nested(() => MethodBody)
  method!: MethodBody;
}

export class RuleBody {
  @OneOf(['seller', 'owner', 'creator', 'processor', 'referrer', 'hub'])
  from!: 'seller' | 'owner' | 'creator' | 'processor' | 'referrer' | 'hub';

  @OneOf(['seller', 'owner', 'creator', 'processor', 'referrer', 'hub'])
  to!: 'seller' | 'owner' | 'creator' | 'processor' | 'referrer' | 'hub';

  @Text({ max: 64, pattern: /^[a-z][a-z0-9-]*$/, example: 'platform-service-fee' })
  kind!: string;

  @OneOf(['gross', 'left'], { description: "of the items' price, or of what `from` has left" })
  basis!: 'gross' | 'left';

  @Integer({ min: 0, max: 10_000, description: 'hundredths of a percent' })
  rateBasisPoints!: number;

  @AmountMinor({ optional: true, description: 'once per payment' })
  fixedMinor?: number;

  @AmountMinor({ optional: true })
  minimumMinor?: number;

  @AmountMinor({ optional: true })
  maximumMinor?: number;

  @Flag({ description: 'reversed in proportion on a refund' })
  refundable!: boolean;
}

export class AgreementBody {
  @Id()
  agreementId!: string;

  @Text()
  name!: string;

  @Timestamp({ optional: true, description: 'now when left out' })
  validFrom?: string;

  @ListOf(() => RuleBody, { max: 30 })
  rules!: RuleBody[];
}

export class PlatformBody {
  @Id()
  platformId!: string;

  @Text()
  name!: string;

  @TextList({ min: 1, max: 50 })
  currencies!: string[];

  @TextList({ min: 1, max: 20, description: 'providers, and wallet' })
  methods!: string[];
}

export class CreatorRegistrationBody {
  @Id()
  creatorId!: string;

  @Text()
  name!: string;
}

export class ReasonBody {
  @Text({ max: 500 })
  reason!: string;
}

export class LimitsBody {
  @Currency()
  currency!: string;

  @Integer({ optional: true, max: 0, description: '0, or minus the credit limit; no limit when left out' })
  minimumBalanceMinor?: number;

  @AmountMinor({ optional: true, zero: true, description: 'no cap when left out' })
  netDebitCapMinor?: number;
}

export class VelocityLimitBody {
  @OneOf(['user', 'method', 'platform'])
  scope!: 'user' | 'method' | 'platform';

  @Integer({ min: 1, max: 2_678_400 })
  windowSeconds!: number;

  @Currency({ optional: true })
  currency?: string;

  @Integer({ optional: true, min: 0 })
  maxCount?: number;

  @AmountMinor({ optional: true, zero: true })
  maxAmountMinor?: number;
}

export class VelocityLimitsBody {
  @ListOf(() => VelocityLimitBody, { max: 20 })
  limits!: VelocityLimitBody[];
}
