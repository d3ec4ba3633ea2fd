import { applyDecorators } from '@nestjs/common';
import { ApiPropertyOptional } from '@nestjs/swagger';
import { accountPattern } from '@tongbao/contracts';
import { isCurrency } from '@tongbao/money';
import { AmountMinor, Currency, Id, Integer, ListOf, maxAmountMinor, Text, Timestamp } from '@tongbao/service';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsOptional, ValidateBy } from 'class-validator';

export const maxAccountLength = 140;

const Account = (): PropertyDecorator => Text({ max: maxAccountLength, pattern: accountPattern, example: 'platform:A' });

const CurrencyList = (description: string): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({ type: String, isArray: true, minItems: 1, maxItems: 50, description }),
    IsOptional(),
    IsArray(),
    ArrayMinSize(1),
    ArrayMaxSize(50),
    ValidateBy({
      name: 'areCurrencies',
      validator: {
        validate: (value: unknown) => Array.isArray(value) && value.every((each) => typeof each === 'string' && isCurrency(each)),
        defaultMessage: () => '$property must be ISO 4217 currency codes such as USD',
      },
    }),
  );

const maxNotes = 20;
const maxNoteLength = 200;
const notePattern = /^[a-z][A-Za-z0-9_.-]{0,39}$/;

const isMetadata = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.keys(value).length <= maxNotes &&
  Object.entries(value).every(([name, text]) => notePattern.test(name) && typeof text === 'string' && text.length <= maxNoteLength);

/** Texts by name. */
const Metadata = (): PropertyDecorator =>
  applyDecorators(
    ApiPropertyOptional({
      type: 'object',
      additionalProperties: { type: 'string', maxLength: maxNoteLength },
      maxProperties: maxNotes,
      description: 'what is worth knowing of it, by name',
      example: { owner: 'treasury' },
    }),
    IsOptional(),
    ValidateBy({
      name: 'isMetadata',
      validator: {
        validate: isMetadata,
        defaultMessage: () => `$property must be at most ${maxNotes} texts of at most ${maxNoteLength} characters, by names such as owner`,
      },
    }),
  );

export class OpenAccountBody {
  @CurrencyList('the only currencies that commands may move in it; all when left out') currencies?: string[];
  @Metadata() metadata?: Record<string, string>;
}

export class SetLimitsBody {
  @Currency() currency!: string;
  @Integer({
    min: -maxAmountMinor,
    max: maxAmountMinor,
    optional: true,
    description: 'how far the available balance may fall by commands: 0, or minus the credit limit; no limit when left out',
  })
  minimumBalanceMinor?: number;
  @Integer({
    min: 0,
    max: maxAmountMinor,
    optional: true,
    description: "how far a party's net since its last settlement may fall, as a positive amount; no cap when left out",
  })
  netDebitCapMinor?: number;
}

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
