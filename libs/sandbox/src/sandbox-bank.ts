import { DatabaseSync } from 'node:sqlite';

/** What the hub asks its bank to do. The key is the instruction's own: however often it is given, money moves once. */
export interface SandboxInstruction {
  key: string;
  /** Counts the instructions under the key. */
  attempt?: number;
  direction: 'payout' | 'collection';
  amountMinor: number;
  currency: string;
  accountNumber: string;
  holder: string;
  reference: string;
}

/** A line of the hub's account at the sandbox bank. Amounts: positive came in, negative went out. */
export interface SandboxStatementLine {
  sequence: number;
  lineId: string;
  amountMinor: number;
  currency: string;
  accountNumber: string;
  reference: string;
  bookedAt: string;
  key?: string;
  isReturn?: true;
  provider?: string;
  isFee?: true;
}

/**
 * How the bank treats an instruction: what follows `#` in its account number, such as `6222 0001#rejects`.
 * `rejects-once` takes the second instruction of the key; `drops-once` fails before it has taken the first, `drops` before it has taken any;
 * `never-answers` takes it and says nothing; `never-confirms` takes it and books nothing; `returns` takes it back at once, `returns-later` when its line has been
 * read.
 */
const moods = [
  'accepts',
  'rejects',
  'rejects-once',
  'drops-once',
  'drops',
  'never-answers',
  'never-confirms',
  'confirms-twice',
  'confirms-another-amount',
  'confirms-another-currency',
  'confirms-another-account',
  'returns',
  'returns-later',
] as const;
export type SandboxBankMood = (typeof moods)[number];

export interface SandboxBankOptions {
  /** File that survives what the hub does not; `:memory:` for tests. */
  file: string;
  /** The hub's account is `bank:<name>`. */
  name?: string;
  now?: () => Date;
}

type NewLine = Omit<SandboxStatementLine, 'sequence' | 'lineId' | 'bookedAt'>;

const schema = `
  PRAGMA busy_timeout = 5000;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS instruction (key TEXT PRIMARY KEY, status TEXT NOT NULL, calls INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS line (sequence INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS due_return (key TEXT PRIMARY KEY, sequence INTEGER NOT NULL);
`;

/** A bank for tests and the demo: it holds the hub's account in a file of its own, books at once, and misbehaves where it is asked to. */
export class SandboxBank {
  readonly name: string;
  readonly #database: DatabaseSync;
  readonly #now: () => Date;

  constructor({ file, name = 'sandbox', now = () => new Date() }: SandboxBankOptions) {
    this.name = name;
    this.#now = now;
    this.#database = new DatabaseSync(file);
    this.#database.exec(schema);
  }

  /** Taken once for each key; one that was rejected may be given again. */
  async instruct(instruction: SandboxInstruction): Promise<'accepted' | { rejected: string }> {
    const mood = moodOf(instruction.accountNumber);
    const known = this.#instruction(instruction.key);
    if (known?.status === 'accepted') return 'accepted';
    const calls = (known?.calls ?? 0) + 1;
    if (mood === 'drops' || (mood === 'drops-once' && calls === 1)) {
      this.#record(instruction, 'dropped', calls);
      throw new Error('the connection to the bank was lost');
    }
    if (mood === 'rejects' || (mood === 'rejects-once' && calls === 1)) {
      this.#record(instruction, 'rejected', calls);
      return { rejected: 'account_closed' };
    }
    this.#atOnce(() => {
      this.#record(instruction, 'accepted', calls);
      for (const line of linesOf(instruction, mood)) this.#book(line);
      if (mood === 'returns-later') this.#returnOnceRead(instruction.key);
    });
    if (mood === 'never-answers') await new Promise<never>(() => undefined);
    return 'accepted';
  }

  /** Of one instruction under a key; of the newest where no attempt is named. */
  status(key: string, attempt?: number): Promise<'unknown' | 'accepted' | { rejected: string }> {
    const known = this.#instruction(key);
    if (known?.status === 'accepted') return Promise.resolve('accepted');
    const isMeant = attempt === undefined || (known?.body.attempt ?? attempt) === attempt;
    return Promise.resolve(known?.status === 'rejected' && isMeant ? { rejected: 'account_closed' } : 'unknown');
  }

  /** Lines after a running number, in order. */
  statement(afterSequence: number, limit: number): Promise<SandboxStatementLine[]> {
    this.#returnWhatWasRead(afterSequence);
    const rows = this.#database
      .prepare('SELECT sequence, body FROM line WHERE sequence > ? ORDER BY sequence LIMIT ?')
      .all(afterSequence, limit);
    return Promise.resolve(rows.map(({ sequence, body }) => this.#toLine(Number(sequence), String(body))));
  }

  /** A provider pays out what it holds for us. */
  depositFromProvider(provider: string, amountMinor: number, currency: string): void {
    this.#book({ amountMinor, currency, accountNumber: provider, reference: `payout of ${provider}`, provider });
  }

  /** The bank's own charge. */
  chargeFee(amountMinor: number, currency: string): void {
    this.#book({ amountMinor: -amountMinor, currency, accountNumber: this.name, reference: 'account fee', isFee: true });
  }

  /** Money that comes or goes for a reason the hub cannot know; comes where positive. */
  bookUnexplained(amountMinor: number, currency: string, reference: string): void {
    this.#book({ amountMinor, currency, accountNumber: 'unknown', reference });
  }

  /** Somebody pays the hub. */
  bookIncoming(line: { amountMinor: number; currency: string; accountNumber: string; reference: string }): void {
    this.#book(line);
  }

  /** Takes back, after the fact, what was booked under a key. */
  returnLater(key: string): void {
    const instruction = this.#instruction(key);
    if (instruction?.status !== 'accepted') throw new Error(`nothing was taken under ${key}`);
    this.#book(returnOf(instruction.body));
  }

  close(): void {
    this.#database.close();
  }

  #returnOnceRead(key: string): void {
    this.#database.prepare('INSERT INTO due_return (key, sequence) SELECT ?, max(sequence) FROM line').run(key);
  }

  /** Takes back what was to be returned later, once somebody has read its line. */
  #returnWhatWasRead(sequence: number): void {
    const read = this.#database.prepare('SELECT key FROM due_return WHERE sequence <= ? ORDER BY sequence').all(sequence);
    for (const { key } of read) {
      this.#atOnce(() => {
        this.#database.prepare('DELETE FROM due_return WHERE key = ?').run(String(key));
        this.returnLater(String(key));
      });
    }
  }

  #instruction(key: string): { status: string; calls: number; body: SandboxInstruction } | undefined {
    const row = this.#database.prepare('SELECT status, calls, body FROM instruction WHERE key = ?').get(key);
    // The table holds only what #record has put there.
    return (
      row && { status: String(row['status']), calls: Number(row['calls']), body: JSON.parse(String(row['body'])) as SandboxInstruction }
    );
  }

  #record(instruction: SandboxInstruction, status: string, calls: number): void {
    this.#database
      .prepare(
        'INSERT INTO instruction (key, status, calls, body) VALUES (?, ?, ?, ?) ON CONFLICT (key) DO UPDATE SET status = excluded.status, calls = excluded.calls, body = excluded.body',
      )
      .run(instruction.key, status, calls, JSON.stringify(instruction));
  }

  #book(line: NewLine): void {
    this.#database.prepare('INSERT INTO line (body) VALUES (?)').run(JSON.stringify({ ...line, bookedAt: this.#now().toISOString() }));
  }

  #toLine(sequence: number, body: string): SandboxStatementLine {
    // The table holds only what #book has put there.
    const line = JSON.parse(body) as NewLine & { bookedAt: string };
    return { sequence, lineId: `${this.name}_${String(sequence).padStart(8, '0')}`, ...line };
  }

  #atOnce(work: () => void): void {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      work();
      this.#database.exec('COMMIT');
    } catch (error) {
      this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}

function moodOf(accountNumber: string): SandboxBankMood {
  const wanted = /#([a-z-]+)$/.exec(accountNumber)?.[1];
  return moods.find((mood) => mood === wanted) ?? 'accepts';
}

function linesOf(instruction: SandboxInstruction, mood: SandboxBankMood): NewLine[] {
  const line = lineOf(instruction);
  switch (mood) {
    case 'never-confirms':
      return [];
    case 'confirms-twice':
      return [line, line];
    case 'confirms-another-amount':
      return [{ ...line, amountMinor: line.amountMinor - Math.sign(line.amountMinor) }];
    case 'confirms-another-currency':
      return [{ ...line, currency: line.currency === 'USD' ? 'CNY' : 'USD' }];
    case 'confirms-another-account':
      return [{ ...line, accountNumber: `${line.accountNumber}-other` }];
    case 'returns':
      return [line, returnOf(instruction)];
    default:
      return [line];
  }
}

function lineOf({ key, direction, amountMinor, currency, accountNumber, reference }: SandboxInstruction): NewLine {
  return { key, amountMinor: direction === 'payout' ? -amountMinor : amountMinor, currency, accountNumber, reference };
}

function returnOf(instruction: SandboxInstruction): NewLine {
  const line = lineOf(instruction);
  return { ...line, amountMinor: -line.amountMinor, reference: `return of ${instruction.reference}`, isReturn: true };
}
