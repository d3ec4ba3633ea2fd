import { join } from 'node:path';
import { isIban, type AccountNumber, type CharacterSet } from '@tongbao/bank-files';
import { ConfigError, type HubConfig } from '@tongbao/service';
import { Cron } from 'croner';

/** What a bank is that takes and gives files, and what it wants of them. */
export interface FileBankSettings {
  /** The bank's own account in the books is `bank:<name>`. At most 8 letters and digits: it is part of the names of files. */
  name: string;
  /** Has the folders `out`, `in`, `done` and `rejected`. */
  folder: string;
  /** The hub's own account. */
  account: string;
  holder: string;
  bic?: string;
  /** By which debtors know the hub; nothing is collected without it. */
  creditorId?: string;
  charset: CharacterSet;
  serviceLevel?: string;
  /** A run that has so many transactions, or in a currency as much, is full. */
  transactionsPerFile: number;
  sumMinorPerFile: Readonly<Record<string, bigint>>;
  cutOff: { cron: string; timeZone: string };
  /** A run whose sums are each at most this goes out by itself; 0: none does. */
  automaticReleaseUpToMinor: number;
  /** From a run to the day on which its debits are collected. */
  collectionDays: number;
  /** Providers by the account that they pay out from. */
  providerAccounts: ReadonlyMap<string, string>;
}

/** @throws ConfigError when something is missing that a bank of files cannot do without */
export function fileBankSettingsOf(config: HubConfig): FileBankSettings {
  if (config.bankAccount === '')
    throw new ConfigError('BANK_ACCOUNT: BANK=file needs the account of the hub; example: DE89370400440532013000');
  if (config.bankAccountHolder === '')
    throw new ConfigError('BANK_ACCOUNT_HOLDER: BANK=file needs whose account that is; example: Tongbao Hub Ltd');
  const cutOff = { cron: config.bankCutOff, timeZone: config.bankTimeZone };
  requireSchedule(cutOff);
  return {
    name: config.bankName,
    folder: config.bankFilesDir || join(config.dataDir, 'bank-files'),
    account: config.bankAccount,
    holder: config.bankAccountHolder,
    ...(config.bankBic !== '' && { bic: config.bankBic }),
    ...(config.bankCreditorId !== '' && { creditorId: config.bankCreditorId }),
    charset: config.bankCharset,
    ...(config.bankServiceLevel !== '' && { serviceLevel: config.bankServiceLevel }),
    transactionsPerFile: config.bankFileTransactions,
    sumMinorPerFile: Object.fromEntries(pairsOf(config.bankFileSums).map(([currency, sum]) => [currency, BigInt(sum)])),
    cutOff,
    automaticReleaseUpToMinor: config.bankRunAutomaticReleaseUpToMinor,
    collectionDays: config.bankCollectionDays,
    providerAccounts: new Map(pairsOf(config.bankProviderAccounts).map(([provider, account]) => [accountKey(account), provider])),
  };
}

const pairsOf = (pairs: readonly string[]): [string, string][] =>
  pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);

function requireSchedule({ cron, timeZone }: FileBankSettings['cutOff']): void {
  try {
    new Cron(cron, { timezone: timeZone, paused: true }).nextRun();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`BANK_CUT_OFF, BANK_TIME_ZONE: ${reason}; example: 0 15 * * 1-5 and Asia/Shanghai`, { cause: error });
  }
}

/** An account's number as it is compared: people and banks write it with spaces and without. */
export const accountKey = (account: string): string => account.replaceAll(/\s/g, '').toUpperCase();

/** As files have it. */
export const accountNumberOf = (account: string): AccountNumber =>
  isIban(accountKey(account)) ? { iban: accountKey(account) } : { other: account };

/** As the hub's own streams have it. */
export const textOfAccount = (account: AccountNumber): string => ('iban' in account ? account.iban : account.other);
