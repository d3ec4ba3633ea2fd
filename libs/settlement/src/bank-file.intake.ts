import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { BankFileRefused, type FileSource, type PaymentFile } from '@tongbao/bank-files';
import type { BankDataEvent, BankFileEvent, BankFileProblem, InstructionEvent, ReportedFile, StagedLine } from '@tongbao/contracts';
import { handle, load, Outage, type EventStore, type Handled } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import {
  bankDataStream,
  bankFileFold,
  bankFileStream,
  decideBankFile,
  isProposedByAnother,
  type BankFileCommand,
  type BankFileRefusal,
  type BankFiles,
  type ReadFile,
} from './bank-file.js';
import { BankFileUnusable } from './bank-file.problem.js';
import { checkNotifications, readAccountStatements } from './bank-statement.reader.js';
import { identityOfBytes, identityOfFile } from './file-bank.folder.js';
import { decideInstruction, instructionFold, instructionStream, type InstructionRefusal, type InstructionState } from './instruction.js';
import { readStatusReport } from './status-report.reader.js';

/** Who hands in what came through the folder. */
export const cameByItself = 'hub';

/** Lines in one event: the last event of a file alone may have fewer. */
export const linesInChunk = 200;

/** What became of a file. */
export type TakenFile = { fileId: string } & ({ outcome: 'accepted' | 'proposed' } | { outcome: 'rejected'; problem: BankFileProblem });

/** A file as it came: on disk, or in the memory of who has it from an upload. */
export type CameAs = { path: string } | { bytes: Uint8Array };

/** Which key and attempt an end-to-end id of one of the hub's own files stands for. */
export interface OwnFile {
  file: PaymentFile;
  keyOf: (endToEndId: string) => { key: string; attempt: number } | undefined;
}

export interface BankFileIntakeParts {
  store: EventStore;
  bank: string;
  /** The hub's own account. */
  account: string;
  /** A file that the hub has sent; `undefined`: it never did. */
  ownFile: (messageId: string) => Promise<OwnFile | undefined>;
  clock: Clock;
}

/**
 * Takes in what a bank sends. A file counts once, by its content, and wholly or not at all: its lines are staged apart before it is accepted, and what is wrong with
 * one is found before the first line of it counts. Reading writes nothing else: what a report rejects is told only of a file that counts, and before it is accepted,
 * as one that is accepted is not looked at again. Run again after a crash, it goes on where it was.
 */
export class BankFileIntake {
  constructor(private readonly parts: BankFileIntakeParts) {}

  /**
   * @param by who has handed it in, which another person has to do, too; `hub` for one that came by itself
   * @throws Outage when it cannot be taken in now
   */
  async take(came: CameAs, name: string, by: string): Promise<TakenFile> {
    const { store, bank, clock } = this.parts;
    const fileId = 'path' in came ? await identityOfFile(came.path) : identityOfBytes(came.bytes);
    const { state: files } = await load(store, bankFileStream(bank), bankFileFold);
    if (files.accepted.has(fileId)) return { fileId, outcome: 'accepted' };
    const now = clock.now().toISOString();
    const read = await this.#read(came, { fileId, name, by, files });
    if ('problem' in read) return this.#reject({ type: 'RejectFile', bank, fileId, name, by, problem: read.problem, now });
    const outcome = await this.#count(read, now, files.rejected.get(fileId)?.times ?? 0);
    if (outcome === 'accepted' || outcome === 'proposed') return { fileId, outcome };
    const problem = { code: outcome, path: '/Document', detail: 'a statement of it was taken from another file at the same moment' };
    return this.#reject({ type: 'RejectFile', bank, fileId, name, by, problem, now });
  }

  /** Somebody has seen to a file that was rejected. @returns why not */
  async acknowledge(fileId: string, note: string, by: string, commandId: string): Promise<BankFileRefusal | undefined> {
    const handled = await this.#decide({ type: 'AcknowledgeFile', bank: this.parts.bank, fileId, by, note }, commandId, by);
    return handled.outcome === 'refused' ? handled.refusal : undefined;
  }

  /** Lets a file count that came by itself, or that another person has handed in, too; and nothing of one that waits for another person. */
  async #count({ file, rejections }: Read, now: string, earlierTries: number): Promise<'proposed' | 'accepted' | BankFileRefusal> {
    const { fileId, by } = file;
    const needsTwo = by !== cameByItself;
    if (needsTwo) {
      const asked = await this.#decide({ type: 'ProposeFile', file, now }, `${fileId} propose ${earlierTries} ${by}`, by);
      if (asked.outcome === 'refused') return asked.refusal;
      if (asked.state.accepted.has(fileId)) return 'accepted';
      if (!isProposedByAnother(file, asked.state)) return 'proposed';
    }
    for (const rejection of rejections) await this.#recordRejection(rejection, fileId);
    const step = `${fileId} accept ${earlierTries}${needsTwo ? ` ${by}` : ''}`;
    const handled = await this.#decide({ type: 'AcceptFile', file, needsTwo, now }, step, by);
    return handled.outcome === 'refused' ? handled.refusal : 'accepted';
  }

  async #reject(command: Extract<BankFileCommand, { type: 'RejectFile' }>): Promise<TakenFile> {
    const { fileId, problem, now } = command;
    await this.#decide(command, `${fileId} reject ${problem.code} ${now}`);
    return { fileId, outcome: 'rejected', problem };
  }

  #decide(command: BankFileCommand, commandId: string, actor = 'hub'): Promise<Handled<BankFiles, BankFileEvent, BankFileRefusal>> {
    const { store, bank } = this.parts;
    return handle(store, bankFileStream(bank), bankFileFold, (state) => decideBankFile(command, state), { commandId, actor });
  }

  /** What is wrong with a file is an outcome; only what is down is thrown. Something that nobody thought of must not hold up the next file, either. */
  async #read(came: CameAs, about: ReadAbout): Promise<Read | { problem: BankFileProblem }> {
    try {
      return await this.#readMessage(came, about);
    } catch (error) {
      if (error instanceof Outage) throw error;
      if (error instanceof BankFileRefused || error instanceof BankFileUnusable) return { problem: { ...error.problem } };
      return {
        problem: {
          code: 'internal',
          path: '/Document',
          detail: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
        },
      };
    }
  }

  async #readMessage(came: CameAs, about: ReadAbout): Promise<Read> {
    const { account, bank } = this.parts;
    const { fileId, name, by, files } = about;
    const stagedIn = bankDataStream(bank, fileId, files.rejected.get(fileId)?.times ?? 0);
    const file = { bank, fileId, name, by, stagedIn, lines: 0, statements: [], reports: [] };
    const isKnown = (identities: readonly string[]) => identities.some((each) => files.identities.has(each));
    switch (messageIn(await startOf(came))) {
      case 'camt.054.001.08':
        await checkNotifications(sourceOf(came), { account, isKnown });
        return { file: { ...file, message: 'camt.054.001.08' }, rejections: [] };
      case 'pain.002.001.12': {
        const { reports, rejections } = await this.#readReport(sourceOf(came));
        return { file: { ...file, message: 'pain.002.001.12', reports }, rejections };
      }
      default: {
        const staging = new Staging(this.parts.store, { bank, fileId, stagedIn });
        const read = await readAccountStatements(sourceOf(came), { account, isKnown, stage: (line) => staging.add(line) });
        await staging.flush();
        return { file: { ...file, message: 'camt.053.001.08', ...read }, rejections: [] };
      }
    }
  }

  async #readReport(source: FileSource): Promise<{ reports: ReportedFile[]; rejections: Rejection[] }> {
    let own: OwnFile | undefined;
    const report = await readStatusReport(source, async (messageId) => {
      own = await this.parts.ownFile(messageId);
      return own?.file;
    });
    if (!report || !own) return { reports: [], rejections: [] };
    const { messageId, status, rejected } = report;
    const { keyOf } = own;
    const rejections = rejected.map(({ endToEndId, ...said }) => {
      const instruction = keyOf(endToEndId);
      if (!instruction) throw new Error(`${messageId} has ${endToEndId}, which nobody has instructed`);
      return { ...instruction, ...said };
    });
    return { reports: [{ messageId, ...(status !== undefined && { status }), rejected: rejected.length }], rejections };
  }

  /** Each rejection is told on its instruction's own stream: what runs payouts asks there. */
  async #recordRejection(rejection: Rejection, fileId: string): Promise<void> {
    const { key, attempt } = rejection;
    await handle<InstructionState, InstructionEvent, InstructionRefusal>(
      this.parts.store,
      instructionStream(key),
      instructionFold,
      (state) => decideInstruction({ type: 'RejectInstruction', ...rejection, fileId }, state),
      { commandId: `${key} rejected ${attempt} by ${fileId}`, correlationId: key },
    );
  }
}

/** What was read of a file that can be used. */
interface Read {
  file: ReadFile;
  rejections: readonly Rejection[];
}

/** An instruction that the bank will not carry out. */
interface Rejection {
  key: string;
  attempt: number;
  code: string;
  information?: string;
}

interface ReadAbout {
  fileId: string;
  name: string;
  by: string;
  files: BankFiles;
}

/** Lines on their way into the stream of their file. */
class Staging {
  #chunk = 0;
  #lines: StagedLine[] = [];

  constructor(
    private readonly store: EventStore,
    private readonly about: { bank: string; fileId: string; stagedIn: string },
  ) {}

  async add(line: StagedLine): Promise<void> {
    this.#lines.push(line);
    if (this.#lines.length >= linesInChunk) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#lines.length === 0) return;
    const { bank, fileId, stagedIn } = this.about;
    const event: BankDataEvent = { type: 'BankLinesStaged', bank, fileId, firstLine: this.#chunk * linesInChunk, lines: this.#lines };
    const expected = this.#chunk === 0 ? 'no_stream' : this.#chunk - 1;
    await this.store.append(stagedIn, expected, [event], { commandId: `${stagedIn} ${this.#chunk}` });
    this.#chunk += 1;
    this.#lines = [];
  }
}

const sourceOf = (came: CameAs): FileSource => ('path' in came ? createReadStream(came.path) : came.bytes);

const startLength = 4_096;

async function startOf(came: CameAs): Promise<string> {
  if ('bytes' in came) return Buffer.from(came.bytes.subarray(0, startLength)).toString('utf8');
  const file = await open(came.path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(startLength), 0, startLength, 0);
    return buffer.subarray(0, bytesRead).toString('utf8');
  } finally {
    await file.close();
  }
}

/** Which message a file says that it is; the reader of statements refuses whatever is none that is read. */
const messageIn = (start: string): string | undefined => /urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})/.exec(start)?.[1];
