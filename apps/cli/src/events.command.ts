import type { StoredEvent } from '@tongbao/event-store';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { toJson } from './io.js';

/** What the hub's services write; transport and bookkeeping (`bus_`, `checkpoint-`, `lease-`) are followed only when they are named. */
const categories = [
  ...['participant', 'agreement', 'payment', 'topup', 'command'],
  ...['journal', 'window', 'settlement', 'payout', 'withdrawal', 'position', 'reconciliation'],
  ...['endpoint', 'delivery', 'news'],
];

interface ShowOptions {
  from?: number;
  limit: number;
  backwards: boolean;
}

export function addEventsCommands(program: Command, runs: Runner): void {
  const events = program.command('events').description('read the event store');
  events
    .command('show <stream>')
    .description('the events of a stream, such as payment-pay_… or journal-main')
    .option('--from <revision>', 'first revision; default: the start, or the end with --backwards', wholeNumber)
    .option('--limit <count>', 'how many at most', wholeNumber, 50)
    .option('--backwards', 'newest first', false)
    .action(runs(showStream));
  events
    .command('follow [categories...]')
    .description('events as they come, of some categories or of all; stays until Ctrl-C and resumes after an outage')
    .option('--after <position>', 'begin after this log position; 0 = from the start; default: now', logPosition)
    .action(runs(follow));
}

async function showStream(context: CommandContext, stream: string, { from, limit, backwards }: ShowOptions): Promise<ExitCode> {
  const found = await context.store().read(stream, { from, limit, backwards });
  context.show(found, () => (found.length === 0 ? `${stream} holds no events.` : found.map(eventText).join('\n')));
  return exitCodes.ok;
}

async function follow(context: CommandContext, asked: string[], { after }: { after?: bigint }): Promise<ExitCode> {
  const store = context.store();
  const stopping = new AbortController();
  const stop = () => stopping.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  const tellOutage = (error: unknown) =>
    context.io.err(`waits for the event store: ${error instanceof Error ? error.message : String(error)}\n`);
  const start = after ?? (await store.head());
  for await (const { events } of store.follow(asked.length === 0 ? categories : asked, start, stopping.signal, tellOutage)) {
    for (const event of events) context.io.out(`${context.options.json ? JSON.stringify(JSON.parse(toJson(event))) : eventText(event)}\n`);
  }
  process.off('SIGINT', stop).off('SIGTERM', stop);
  return exitCodes.ok;
}

/** One line for what an event is, and its data beneath. */
export function eventText({ event, stream, revision, position: at, metadata, createdAt }: StoredEvent): string {
  const { type, ...data } = event;
  const by = metadata.actor === undefined ? '' : `  by ${metadata.actor}`;
  return `${createdAt.toISOString()}  ${stream}@${revision}  ${type}  position ${at}${by}\n    ${JSON.stringify(data)}`;
}

export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(number)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return number;
}

/** Of commander's options. */
export function logPosition(text: string): bigint {
  if (!/^\d{1,19}$/.test(text)) throw new InvalidArgumentError('It must be a log position, as events are shown with.');
  return BigInt(text);
}
