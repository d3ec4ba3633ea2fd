import { readFileSync } from 'node:fs';
import { text as readText } from 'node:stream/consumers';
import { isCurrency } from '@tongbao/money';
import {
  verifyJournalReceipt,
  type Hidden,
  type JournalReceiptResult,
  type Opening,
  type VerifiedSignature,
} from '@tongbao/transparency-log';
import type { CommandContext } from '../command-context.js';
import { exitCodes, UsageError, type ExitCode } from '../exit-codes.js';
import { amountText, countText } from '../text-table.js';
import { logIdentity, witnessesOf, type GivenKeys, type TrustedKeys } from './log-keys.js';
import { printable } from './printable.js';
import { servedKeys } from './served-keys.js';

type ValidReceipt = JournalReceiptResult & { valid: true };

/** What a field says: in clear, opened by the receipt, or hidden. */
type Field = string | { hidden: string };

/** What a receipt proves. */
export interface ProvenEntry {
  entry: number;
  kind: Field;
  /** RFC 3339. */
  postedAt: string;
  by: Field;
  /** What it is about: a payment, a payout, a bank line. */
  ref: Field;
  note?: Field;
  corrects?: number;
  /** Place in the hub's log of the fact that it posts. */
  position?: string;
  transfers: { amountMinor: number; currency: string; from: Field; to: Field; kind: Field }[];
  /** Names of the fields that the receipt opens. */
  opened: string[];
  checkpoint: { origin: string; size: number; root: string };
  witnesses: { name: string; cosignedAt?: string }[];
}

/** Checks a receipt and says what it proves, or which check fails. */
export async function verifyReceiptFile(context: CommandContext, file: string, keys: GivenKeys): Promise<ExitCode> {
  const receipt = file === '-' ? await readText(process.stdin) : contentOf(file);
  const { logs, policy } = keys.log ? { logs: keys.log.map(logIdentity), ...witnessesOf(keys) } : await keysOfHub(context, keys);
  const results = logs.map((log) => verifyJournalReceipt(receipt, { log, policy }));
  const valid = results.find((result) => result.valid);
  if (valid) {
    const proven = provenBy(valid);
    context.show({ valid: true, ...proven }, () => provenText(proven, policy.quorum));
    return exitCodes.ok;
  }
  const failure = mostTelling(results);
  context.show(failure, () => `The receipt is NOT valid.\n  ${failure.failure}: ${printable(withoutCode(failure))}`);
  return exitCodes.failed;
}

async function keysOfHub(context: CommandContext, given: GivenKeys): Promise<TrustedKeys> {
  const { url } = context.options;
  const served = await servedKeys(url, given);
  context.io.err(`The keys are those that ${url} says are its own: get them from elsewhere, and name them with --log and --witness.\n`);
  return served;
}

function contentOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read.`, { cause: error });
  }
}

type InvalidReceipt = JournalReceiptResult & { valid: false };

/** Of several keys of a log, the one that has signed tells what else is wrong. */
function mostTelling(results: readonly JournalReceiptResult[]): InvalidReceipt {
  const failures = results.filter((result) => !result.valid);
  const telling = failures.find(({ failure }) => failure !== 'log_signature_missing') ?? failures[0];
  if (!telling) throw new UsageError('Name the log with --log.');
  return telling;
}

/** The message begins with the code. */
const withoutCode = ({ failure, detail }: InvalidReceipt): string =>
  detail.startsWith(`${failure}: `) ? detail.slice(failure.length + 2) : detail;

function provenBy({ leaf, openings, checkpoint, cosignatures }: ValidReceipt): ProvenEntry {
  const opened = new Map(openings.map(({ field, value }: Opening) => [field, value]));
  const open = (name: string, value: string | Hidden): Field =>
    typeof value === 'string' ? value : (opened.get(name) ?? { hidden: value.class });
  const secret = (name: 'ref' | 'note'): Field => opened.get(name) ?? { hidden: name };
  return {
    entry: leaf.entry,
    kind: open('kind', leaf.kind),
    postedAt: leaf.postedAt,
    by: open('by', leaf.by),
    ref: secret('ref'),
    ...(leaf.note !== undefined && { note: secret('note') }),
    ...(leaf.corrects !== undefined && { corrects: leaf.corrects }),
    ...(leaf.position !== undefined && { position: leaf.position }),
    transfers: leaf.transfers.map(({ amountMinor, currency, from, to, kind }, n) => ({
      ...{ amountMinor, currency },
      from: open(`transfers/${n}/from`, from),
      to: open(`transfers/${n}/to`, to),
      kind: open(`transfers/${n}/kind`, kind),
    })),
    opened: [...opened.keys()],
    checkpoint: { origin: checkpoint.origin, size: checkpoint.size, root: Buffer.from(checkpoint.root).toString('base64') },
    witnesses: cosignatures.map(witnessOf),
  };
}

const witnessOf = ({ key, timestampSeconds }: VerifiedSignature): ProvenEntry['witnesses'][number] => ({
  name: key.name,
  ...(timestampSeconds !== undefined && { cosignedAt: timeOf(timestampSeconds) }),
});

/** A time that no calendar shows is shown as it is. */
function timeOf(seconds: number): string {
  const time = new Date(seconds * 1_000);
  return Number.isNaN(time.getTime()) ? `${seconds} s after 1970` : time.toISOString();
}

function provenText(proven: ProvenEntry, quorum: number): string {
  const { entry, kind, postedAt, by, ref, note, corrects, checkpoint, witnesses, transfers, opened } = proven;
  const transferLines = transfers.map(
    (each) => `    ${moneyText(each)}  from ${fieldText(each.from)} to ${fieldText(each.to)}  (${fieldText(each.kind)})`,
  );
  const seen = witnesses.map(({ name, cosignedAt }) => `    ${name}${cosignedAt === undefined ? '' : ` at ${cosignedAt}`}`);
  return [
    `The receipt is valid: entry ${entry} is in the books that ${checkpoint.origin} has signed, as it is shown here.`,
    `  posted     ${printable(postedAt)}, as ${fieldText(kind)}, by ${fieldText(by)}`,
    `  about      ${fieldText(ref)}`,
    ...(note === undefined ? [] : [`  reason     ${fieldText(note)}`]),
    ...(corrects === undefined ? [] : [`  corrects   entry ${corrects}`]),
    `  transfers`,
    ...transferLines,
    `  opened     ${opened.length === 0 ? 'nothing: what is hidden stays hidden' : opened.join(', ')}`,
    `  checkpoint ${countText(checkpoint.size)} entries, root ${checkpoint.root}`,
    ...(seen.length === 0
      ? [`  witnesses  none: that everybody is shown the same books, the receipt does not prove`]
      : [`  witnesses  ${seen.length} have seen these books (${quorum} are needed)`, ...seen]),
  ].join('\n');
}

const fieldText = (field: Field): string => (typeof field === 'string' ? printable(field) : `[hidden: ${printable(field.hidden)}]`);

/** Amounts of a currency that is not known stay in minor units. */
const moneyText = ({ amountMinor, currency }: { amountMinor: number; currency: string }): string =>
  isCurrency(currency) ? `${amountText(amountMinor, currency)} ${currency}` : `${amountMinor} minor units of ${printable(currency)}`;
