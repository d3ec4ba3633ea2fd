import { ArrayMinSize, IsArray, IsIn, IsInt, IsString, IsTimeZone, Length, Matches, Max, Min } from 'class-validator';
import { CoreConfig } from './config.core.js';
import { Env } from './settings.js';

/** Settings of caps, settlement, finance and the bank. */
export class FinanceConfig extends CoreConfig {
  @Env(
    'CAP_ALARM_PERCENTS',
    'list',
    '50,75,90',
    'Shares of a net debit cap, in percent: when the use of it comes to one of them, finance and its platform are told.',
    '80,100',
  )
  @ArrayMinSize(1)
  @Matches(/^(?:[1-9]\d?|100)$/, { each: true, message: 'must list percents from 1 to 100' })
  capAlarmPercents!: string[];

  @Env('CAP_ALARM_FALL_PERCENT', 'number', '5', 'How far below a share the use must fall before that is told, in percent of the cap.', '10')
  @IsInt()
  @Min(0)
  @Max(50)
  capAlarmFallPercent!: number;

  @Env(
    'SETTLEMENT_MINIMUM_PAYOUT_MINOR',
    'number',
    '0',
    'For the first terms of the model `dnm`, which are written when the hub is new: a payable below this is carried to the next window.',
    '1000',
  )
  @IsInt()
  @Min(0)
  minimumPayoutMinor!: number;

  @Env(
    'SETTLEMENT_AUTOMATIC_APPROVAL_MINOR',
    'number',
    '0',
    'For the first terms of `dnm`: settlements that move at most this much in all need no second person; 0 = all need one.',
    '100000',
  )
  @IsInt()
  @Min(0)
  automaticApprovalUpToMinor!: number;

  @Env(
    'SETTLEMENT_COLLECTION',
    'text',
    'debit',
    'For the first terms of `dnm`: what is done with a party that owes: `debit` its bank account, or `carry` it to the next window.',
    'carry',
  )
  @IsIn(['debit', 'carry'])
  collection!: 'debit' | 'carry';

  @Env(
    'FINANCE_TIME_ZONE',
    'text',
    'Asia/Shanghai',
    'Time zone of the days, weeks and months in finance reports and statements; whole hours ahead of UTC or behind it.',
    'Europe/Berlin',
  )
  @IsTimeZone()
  financeTimeZone!: string;

  @Env('HUB_NAME', 'text', 'Tongbao', 'What the hub is called in statements: it keeps the accounts.', 'Tongbao Hub Ltd')
  @IsString()
  @Length(1, 140)
  hubName!: string;

  @Env(
    'BANK_ACCOUNT_COOLING_HOURS',
    'number',
    '24',
    "From the approval of a change of a party's bank account to its coming into force; until then it can be stopped.",
    '48',
  )
  @IsInt()
  @Min(0)
  @Max(720)
  bankAccountCoolingHours!: number;

  @Env(
    'WITHDRAWAL_AUTOMATIC_APPROVAL_MINOR',
    'number',
    '0',
    'Withdrawals that a platform asks for, of at most this much, need no second person; 0 = all need one. A platform may ask for any wallet, to any account: set this only where platforms are trusted with that. What operators ask for always needs one.',
    '100000',
  )
  @IsInt()
  @Min(0)
  withdrawalAutomaticApprovalUpToMinor!: number;

  @Env('BANK', 'text', 'sandbox', 'How the hub reaches its bank: `sandbox`, or `file` for files by ISO 20022.', 'file')
  @IsIn(['sandbox', 'file'])
  bank!: 'sandbox' | 'file';

  @Env(
    'BANK_NAME',
    'text',
    'main',
    'With BANK=file: what the hub calls its bank; its account in the books is `bank:<name>`. Never to be changed.',
    'icbc',
  )
  @Matches(/^[a-z][a-z0-9]{0,7}$/, { message: 'must be at most 8 lower-case letters and digits, a letter first' })
  bankName!: string;

  @Env(
    'BANK_FILES',
    'text',
    '',
    'With BANK=file: folder with `out`, `in`, `done` and `rejected`, on one file system; empty = `bank-files` in the data folder.',
    '/var/lib/tongbao-bank',
  )
  @IsString()
  @Length(0, 4_096)
  bankFilesDir!: string;

  @Env('BANK_ACCOUNT', 'text', '', "With BANK=file: the hub's own account: its IBAN, or the bank's number.", 'DE89370400440532013000')
  @Matches(/^[A-Za-z0-9]{0,34}$/, { message: 'must be at most 34 letters and digits, without spaces' })
  bankAccount!: string;

  @Env('BANK_ACCOUNT_HOLDER', 'text', '', 'With BANK=file: whose account that is, as the bank knows the name.', 'Tongbao Hub Ltd')
  @IsString()
  @Length(0, 140)
  bankAccountHolder!: string;

  @Env('BANK_BIC', 'text', '', "With BANK=file: BIC of the hub's bank; empty where the IBAN says it.", 'COBADEFFXXX')
  @Matches(/^$|^[A-Z0-9]{8}([A-Z0-9]{3})?$/, { message: 'must be a BIC or empty' })
  bankBic!: string;

  @Env(
    'BANK_CREDITOR_ID',
    'text',
    '',
    'With BANK=file: by which debtors know the hub in their mandates; empty = nothing is collected by file.',
    'DE98ZZZ09999999999',
  )
  @IsString()
  @Length(0, 35)
  bankCreditorId!: string;

  @Env(
    'BANK_CHARSET',
    'text',
    'sepa',
    'With BANK=file: characters that the bank takes: `sepa` (Latin letters without accents) or `utf-8` (also Chinese names).',
    'utf-8',
  )
  @IsIn(['sepa', 'utf-8'])
  bankCharset!: 'sepa' | 'utf-8';

  @Env(
    'BANK_SERVICE_LEVEL',
    'text',
    '',
    "With BANK=file: code of the payments' service level; `SEPA` brings the rules of SEPA with it.",
    'SEPA',
  )
  @Matches(/^[A-Z]{0,4}$/, { message: 'must be a code of at most four capital letters, or empty' })
  bankServiceLevel!: string;

  @Env(
    'BANK_FILE_TRANSACTIONS',
    'number',
    '10000',
    'With BANK=file: most transactions of one file; a run that has as many is full.',
    '1000',
  )
  @IsInt()
  @Min(1)
  @Max(100_000)
  bankFileTransactions!: number;

  @Env(
    'BANK_FILE_SUMS',
    'pairs',
    '',
    'With BANK=file: most minor units of one file by currency; a run that has as much is full. A currency that is not named has no limit.',
    'EUR=50000000,CNY=300000000',
  )
  @IsArray()
  @Matches(/^[A-Z]{3}=[1-9]\d{0,14}$/, { each: true, message: 'must list currency=amount pairs' })
  bankFileSums!: string[];

  @Env(
    'BANK_CUT_OFF',
    'text',
    '0 15 * * 1-5',
    'With BANK=file: when a run is closed and its files are written: minute, hour, day of the month, month, day of the week.',
    '30 10,15 * * 1-5',
  )
  @Matches(/^(\S+ ){4}\S+$/, { message: 'must be a cron pattern of five fields' })
  bankCutOff!: string;

  @Env('BANK_TIME_ZONE', 'text', 'UTC', 'With BANK=file: the wall clock of BANK_CUT_OFF, and of the days in files.', 'Asia/Shanghai')
  @IsString()
  @Length(1, 64)
  bankTimeZone!: string;

  @Env(
    'BANK_RUN_AUTOMATIC_RELEASE_MINOR',
    'number',
    '0',
    'With BANK=file: a run whose sums are each at most this much goes out by itself; 0 = an approver releases each.',
    '10000000',
  )
  @IsInt()
  @Min(0)
  bankRunAutomaticReleaseUpToMinor!: number;

  @Env('BANK_COLLECTION_DAYS', 'number', '5', 'With BANK=file: days from a run to the day on which its debits are collected.', '2')
  @IsInt()
  @Min(0)
  @Max(60)
  bankCollectionDays!: number;

  @Env(
    'BANK_PROVIDER_ACCOUNTS',
    'pairs',
    '',
    'With BANK=file: from which accounts providers pay out to the hub; how their lines on the statement are known.',
    'stripe=IE12BOFI90000112345678',
  )
  @IsArray()
  @Matches(/^[a-z][a-z0-9]*=[A-Za-z0-9]{1,34}$/, { each: true, message: 'must list provider=account pairs' })
  bankProviderAccounts!: string[];
}
