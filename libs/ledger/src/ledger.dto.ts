import { AmountMinor, Currency, Id, Integer, ListOf, Text, Timestamp } from '@tongbao/service';

const accountPattern = /^[a-z]+(:[A-Za-z0-9_.-]+){1,2}$/;

const Account = (): PropertyDecorator => Text({ max: 140, pattern: accountPattern, example: 'platform:A' });

export class ReservationBody {
  @Account() account!: string;
  @AmountMinor() amountMinor!: number;
}

export class TransferBody {
  @Account() from!: string;
  @Account() to!: string;
  @AmountMinor() amountMinor!: number;
  @Currency() currency!: string;
  @Text({ max: 64, example: 'correction' }) kind!: string;
}

export class PlaceHoldBody {
  @Id() holdId!: string;
  @Currency() currency!: string;
  @ListOf(() => ReservationBody, { min: 1, max: 100 }) reservations!: ReservationBody[];
  @Text({ max: 100, description: 'what it is for' }) ref!: string;
  @Timestamp({ description: 'when it is released if nobody commits it' }) expiresAt!: string;
}

export class CommitHoldBody {
  @ListOf(() => TransferBody, { min: 1, max: 100, description: 'what leaves the reserved accounts; the rest is released' })
  transfers!: TransferBody[];
}

export class PostEntryBody {
  @Text({ max: 100, description: 'what it is about: a payment, a payout, a bank line' }) ref!: string;
  @ListOf(() => TransferBody, { min: 1, max: 100 }) transfers!: TransferBody[];
  @Integer({ min: 0, optional: true, description: 'number of the entry that it corrects' }) corrects?: number;
  @Text({ max: 500, description: 'the reason' }) note!: string;
}

export class ReverseEntryBody {
  @Text({ max: 500, description: 'the reason' }) note!: string;
}
