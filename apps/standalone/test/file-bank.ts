import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bookedFor, closingOf, eventually, hubAccount, readSent, statementFile, type BookedLine, type SentFile } from '@tongbao/testing';

export const providerAccount = 'IE29AIBK93115212345678';

/** The other side of a bank that takes files, in euros: carries away what the hub sends, pays it, and says so in statements that follow one another. */
export class FileBank {
  /** Every file that the hub has ever sent. */
  readonly carried: string[] = [];
  #balanceMinor = 0;
  #statements = 0;

  constructor(private readonly folder: string) {}

  /** Takes the next file away as soon as it is there. @returns what is to be paid */
  async carry(): Promise<SentFile> {
    const out = join(this.folder, 'out');
    const [name = ''] = await eventually(
      () => Promise.resolve(readdirSync(out)),
      (names) => names.length > 0,
      60_000,
    );
    const away = join(this.folder, 'carried');
    mkdirSync(away, { recursive: true });
    const path = join(away, `${this.carried.length}-${name}`);
    renameSync(join(out, name), path);
    this.carried.push(name);
    return readSent(readFileSync(path, 'utf8'));
  }

  /** Whether something lies there that nobody has taken. */
  get isLeft(): boolean {
    return readdirSync(join(this.folder, 'out')).length > 0;
  }

  /** Says that a provider has paid in so much, such as `9.00`. */
  receive(amount: string): void {
    this.#state([{ amount, direction: 'credit', debtor: providerAccount, creditor: hubAccount }]);
  }

  /** Says that what was sent has been paid. */
  pay(sent: SentFile): void {
    this.#state(bookedFor(sent));
  }

  /** A file that is complete when it has its name. */
  #state(lines: BookedLine[]): void {
    this.#statements += 1;
    const paper = { id: `S${this.#statements}`, sequence: this.#statements, openingMinor: this.#balanceMinor, lines };
    this.#balanceMinor = closingOf(paper);
    const path = join(this.folder, 'in', `statement-${this.#statements}.xml`);
    writeFileSync(`${path}.tmp`, statementFile(paper));
    renameSync(`${path}.tmp`, path);
  }
}
