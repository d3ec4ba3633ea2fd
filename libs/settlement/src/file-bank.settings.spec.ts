import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig } from '@tongbao/service';
import { accountKey, accountNumberOf, fileBankSettingsOf } from './file-bank.settings.js';

const given = { BANK: 'file', BANK_ACCOUNT: 'DE89370400440532013000', BANK_ACCOUNT_HOLDER: 'Tongbao Hub' };
const settings = (env: Record<string, string> = {}) => fileBankSettingsOf(loadConfig({ ...given, ...env }));

describe('the settings of a bank of files', () => {
  it('need an account and its holder, and have the rest', () =>
    expect(settings()).toEqual({
      ...{ name: 'main', folder: 'data/bank-files', account: 'DE89370400440532013000', holder: 'Tongbao Hub', charset: 'sepa' },
      ...{ transactionsPerFile: 10_000, sumMinorPerFile: {}, cutOff: { cron: '0 15 * * 1-5', timeZone: 'UTC' } },
      ...{ automaticReleaseUpToMinor: 0, collectionDays: 5, providerAccounts: new Map() },
    }));

  it('are read from the environment', () =>
    expect(
      settings({
        ...{ BANK_NAME: 'icbc', BANK_FILES: 'files', BANK_BIC: 'COBADEFFXXX', BANK_CREDITOR_ID: 'DE98ZZZ09999999999' },
        ...{ BANK_SERVICE_LEVEL: 'SEPA', BANK_FILE_SUMS: 'EUR=5000,CNY=7', BANK_PROVIDER_ACCOUNTS: 'stripe=ie12bofi90000112345678' },
      }),
    ).toMatchObject({
      ...{ name: 'icbc', folder: 'files', bic: 'COBADEFFXXX', creditorId: 'DE98ZZZ09999999999', serviceLevel: 'SEPA' },
      ...{ sumMinorPerFile: { EUR: 5_000n, CNY: 7n }, providerAccounts: new Map([['IE12BOFI90000112345678', 'stripe']]) },
    }));

  it.each([
    ['BANK_ACCOUNT', ''],
    ['BANK_ACCOUNT_HOLDER', ''],
    ['BANK_CUT_OFF', '99 15 * * 1-5'],
    ['BANK_TIME_ZONE', 'Nowhere/City'],
    ['BANK_NAME', 'too-long-a-name'],
    ['BANK_FILE_SUMS', 'EUR=0'],
  ])('%s=%j stops the start, naming the variable and an example', (name, value) => {
    expect(() => settings({ [name]: value })).toThrow(ConfigError);
    expect(() => settings({ [name]: value })).toThrow(new RegExp(`${name}.*example: `));
  });

  it('tell an account however it is written', () => {
    expect(accountKey('nl91 abna 0417 1643 00')).toBe('NL91ABNA0417164300');
    expect(accountNumberOf('NL91 ABNA 0417 1643 00')).toEqual({ iban: 'NL91ABNA0417164300' });
    expect(accountNumberOf('6222 0001')).toEqual({ other: '6222 0001' });
  });
});
