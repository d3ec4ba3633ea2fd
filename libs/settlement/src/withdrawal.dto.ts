import { partyPattern } from '@tongbao/contracts';
import { AmountMinor, Currency, Nested, OneOf, Text } from '@tongbao/service';

export class DestinationClearingBody {
  @Text({ max: 35, description: "the bank's number in the clearing system" })
  memberId!: string;

  @Text({ max: 5, pattern: /^[A-Z]+$/, optional: true, description: "code of ISO's list", example: 'CNAPS' })
  system?: string;
}

export class DestinationBody {
  @Text({ max: 64, description: 'IBAN, or the number that the bank gives it' })
  accountNumber!: string;

  @Text({ max: 140 })
  holder!: string;

  @Text({ max: 11, pattern: /^[A-Z0-9]{8}([A-Z0-9]{3})?$/, optional: true, description: "BIC of the account's bank" })
  bic?: string;

  @Nested(() => DestinationClearingBody, { optional: true, description: "the account's bank by its number in a clearing system" })
  clearing?: DestinationClearingBody;
}

export class WithdrawalBody {
  @OneOf(['wallet', 'liquidity', 'fees'], { description: 'what the money is taken out of' })
  from!: 'wallet' | 'liquidity' | 'fees';

  @Text({ max: 64, pattern: /^[A-Za-z0-9][A-Za-z0-9_.-]*$/, optional: true, description: 'of a wallet' })
  userId?: string;

  @Text({
    max: 73,
    pattern: partyPattern,
    optional: true,
    description: 'of liquidity; a platform need not name itself',
  })
  party?: string;

  @AmountMinor()
  amountMinor!: number;

  @Currency()
  currency!: string;

  @Nested(() => DestinationBody, { optional: true, description: 'where it goes; liquidity goes back to where its party is paid' })
  destination?: DestinationBody;
}
