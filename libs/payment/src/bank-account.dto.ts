import { Currency, Id, Nested, Text } from '@tongbao/service';

export class ClearingBody {
  @Text({ max: 35, description: "the bank's number in the clearing system" })
  memberId!: string;

  @Text({ max: 5, pattern: /^[A-Z]+$/, optional: true, description: "code of ISO's list", example: 'CNAPS' })
  system?: string;
}

export class MandateBody {
  @Text({ max: 35, description: 'what the mandate is called' })
  mandateId!: string;

  @Text({ min: 10, max: 10, pattern: /^\d{4}-\d{2}-\d{2}$/, description: 'the day on which it was signed', example: '2026-01-31' })
  signedOn!: string;
}

export class BankAccountBody {
  @Currency({
    optional: true,
    description: 'what is paid in it goes there; without one, what is paid in any currency that has no account of its own',
  })
  currency?: string;

  @Text({ max: 32, pattern: /^[a-z][a-z0-9]*$/ })
  bank!: string;

  @Text({ max: 64, description: 'IBAN, or the number that the bank gives it' })
  accountNumber!: string;

  @Text({ max: 140 })
  holder!: string;

  @Text({ max: 11, pattern: /^[A-Z0-9]{8}([A-Z0-9]{3})?$/, optional: true, description: "BIC of the account's bank" })
  bic?: string;

  @Nested(() => ClearingBody, { optional: true, description: "the account's bank by its number in a clearing system" })
  clearing?: ClearingBody;

  @Nested(() => MandateBody, {
    optional: true,
    description: "the holder's consent to be debited; nothing is collected by file without one",
  })
  mandate?: MandateBody;
}

export class ProposeBankAccountEndBody {
  @Currency({ description: 'whose own account is ended' })
  currency!: string;

  @Text({ max: 500 })
  reason!: string;
}

export class ApproveBankAccountBody {
  @Id({ max: 64, description: 'what is approved, so that nobody approves something else than they saw' })
  proposalId!: string;

  @Text({ min: 10, max: 500, description: 'how it was verified that the account is the party’s own, or that the party wants it ended' })
  note!: string;
}

export class EndBankAccountBody {
  @Id({ max: 64 })
  proposalId!: string;

  @Text({ max: 500 })
  reason!: string;
}
