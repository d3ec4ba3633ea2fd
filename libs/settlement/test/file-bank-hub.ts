import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventStore } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import pino from 'pino';
import { BankFileCommands } from '../src/bank-file.commands.js';
import { BankFileIntake } from '../src/bank-file.intake.js';
import { BankFileQueries } from '../src/bank-file.queries.js';
import { durableEffects, FileBankFolder, type FolderEffects } from '../src/file-bank.folder.js';
import { FileBank } from '../src/file-bank.js';
import { FileBankProcess } from '../src/file-bank.process.js';
import type { FileBankSettings } from '../src/file-bank.settings.js';
import { PayoutRunProcess } from '../src/payout-run.process.js';
import type { TestHub } from './hub.js';
import { hubAccount } from '@tongbao/testing';

export const settingsFor = (folder: string, change: Partial<FileBankSettings> = {}): FileBankSettings => ({
  name: 'main',
  folder,
  account: hubAccount,
  holder: 'Tongbao Hub',
  bic: 'COBADEFFXXX',
  creditorId: 'DE98ZZZ09999999999',
  charset: 'sepa',
  serviceLevel: 'SEPA',
  transactionsPerFile: 100,
  sumMinorPerFile: {},
  cutOff: { cron: '0 16 * * 1-5', timeZone: 'Europe/Berlin' },
  automaticReleaseUpToMinor: 1_000_000,
  collectionDays: 5,
  providerAccounts: new Map([['IE29AIBK93115212345678', 'stripe']]),
  ...change,
});

/** A clock that is set. */
export class SetClock implements Clock {
  constructor(private at: string) {}

  now = (): Date => new Date(this.at);

  set(at: string): void {
    this.at = at;
  }
}

/** What a start of the hub has of a bank that takes files. */
export interface FileBankStart {
  bank: FileBank;
  runs: PayoutRunProcess;
  intake: BankFileIntake;
  process: FileBankProcess;
  commands: BankFileCommands;
}

/** A bank of files on a folder of its own, beside a test hub. */
export class FileBankHub {
  readonly folder = mkdtempSync(join(tmpdir(), 'tongbao-bank-'));
  readonly clock: SetClock;
  readonly queries: BankFileQueries;
  readonly settings: FileBankSettings;

  constructor(
    readonly hub: TestHub,
    change: Partial<FileBankSettings> = {},
    at = '2026-02-02T09:00:00Z',
  ) {
    this.clock = new SetClock(at);
    this.queries = new BankFileQueries(hub.sql);
    this.settings = settingsFor(this.folder, change);
  }

  start(store: EventStore = this.hub.store, effects: FolderEffects = durableEffects): FileBankStart {
    const { settings, clock, queries } = this;
    const { projection, feed } = this.hub;
    const folder = new FileBankFolder(this.folder, effects);
    const runs = new PayoutRunProcess({ store, feed, queries, projection, settings, folder, clock });
    const { name, account } = settings;
    const intake = new BankFileIntake({ store, bank: name, account, ownFile: (messageId) => runs.ownFile(messageId), clock });
    const bank = new FileBank({ store, queries, projection, settings, clock });
    const process = new FileBankProcess({ folder, intake, runs, logger: pino({ level: 'silent' }) });
    return { bank, runs, intake, process, commands: new BankFileCommands({ bank, intake, runs }) };
  }

  files = (folder: 'out' | 'in' | 'done' | 'rejected' | 'ready'): string[] => readdirSync(join(this.folder, folder)).sort();

  read = (folder: 'out' | 'rejected', name: string): string => readFileSync(join(this.folder, folder, name), 'utf8');

  /** The bank takes what lies there for it. */
  collect(): string[] {
    return this.files('out').map((name) => {
      const text = this.read('out', name);
      rmSync(join(this.folder, 'out', name));
      return text;
    });
  }

  /** The bank sends a file. */
  send(name: string, text: string): void {
    writeFileSync(join(this.folder, 'in', name), text);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
