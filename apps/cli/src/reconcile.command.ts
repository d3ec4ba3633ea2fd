import { createReadStream, existsSync } from 'node:fs';
import { formatMinor } from '@tongbao/money';
import { InvalidArgumentError, type Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import { Refused, type HubClient } from './hub-client.js';
import { countText, textTable } from './text-table.js';
import { until } from './until.js';

interface Bill {
  billId: string;
  provider: string;
  bill: string;
  day: string;
  status: 'received' | 'fit' | 'unfit' | 'accepted';
  lines: number | null;
  problemCount: number | null;
  problems?: { code: string; message: string; line?: number; field?: string }[];
  payout?: object;
}

interface Run {
  runId: string;
  provider: string;
  day: string;
  state: 'running' | 'completed' | 'failed';
  matched?: number;
  carried?: number;
  breaks?: { found: number; known: number };
  code?: string;
  detail?: string;
  report?: {
    explained: number;
    breaks: { kind: string; found: number; known: number }[];
    differences: { side: string; currency: string; total: Pair; breaks: Pair; carried: Pair; tolerated: Pair }[];
    fees: { currency: string; billed: number; billedMinor: number; returned: number; returnedMinor: number }[];
  } | null;
}

interface Pair {
  amountMinor: number;
  feeMinor: number;
}

interface Break {
  breakId: string;
  provider: string;
  day: string;
  kind: string;
  movement: string;
  status: string;
  age: string;
  currency: string;
  differenceMinor: number;
  ourKey: string | null;
  providerRef: string | null;
  owner: string | null;
  isProposed: boolean;
  proposalId: string | null;
}

interface Correction {
  proposalId: string;
  currency: string;
  transfers: { from: string; to: string; amountMinor: number }[];
  note: string;
  by: string;
}

interface BankLine {
  bank: string;
  lineId: string;
  status: string;
  amountMinor: number;
  currency: string;
  reference: string;
  age: string;
  proposal: { proposalId: string; account: string; by: string } | null;
}

interface FileOptions {
  provider: string;
  bill: 'trade' | 'fund';
  day: string;
  now: boolean;
}

const base = '/v1/reconciliation';
const pathOf = (...parts: string[]): string => [base, ...parts.map(encodeURIComponent)].join('/');
const waitMs = 10 * 60_000;

const fileHelp = `
The bill is read, and compared as soon as the day has all the bills of its provider; with --now, with what there is.
Ends with 0 when nothing is broken (or another bill is still awaited), 1 when something is, or the bill cannot be used.
  tongbao reconcile alipay.zip --provider alipay --bill trade --day 2026-03-01`;

export function addReconcileCommands(program: Command, runs: Runner): void {
  const reconcile = program
    .command('reconcile')
    .description("compare providers' bills with what the hub believes; breaks, and what is done about them");
  reconcile
    .command('file <file>', { isDefault: true })
    .description('give a bill as the provider gives it, and show what comes of it')
    .requiredOption('--provider <name>', 'whose bill')
    .requiredOption('--bill <kind>', 'trade or fund', kindOf)
    .requiredOption('--day <day>', "such as 2026-03-01, by the provider's clock")
    .option('--now', 'compare with the bills that there are', false)
    .addHelpText('after', fileHelp)
    .action(runs(giveFile));
  reconcile
    .command('bills')
    .description('bills, the newest first')
    .option('--status <status>', 'received, fit, unfit or accepted')
    .action(runs(bills));
  reconcile.command('show <runId>').description('the report of a run').action(runs(showRun));
  reconcile
    .command('breaks')
    .description('open breaks, the newest first')
    .option('--provider <name>')
    .option('--kind <kind>', 'such as missing_here')
    .option('--status <status>', 'open, explained, resolved or corrected', 'open')
    .option('--age <age>', 'day, week, month or older')
    .action(runs(breaks));
  reconcile
    .command('resolve <breakId>')
    .description('close a break with a note: nothing is posted')
    .requiredOption('--note <text>', 'why; kept with it')
    .option('--yes', 'do it', false)
    .action(runs(resolve));
  reconcile
    .command('correct <breakId>')
    .description('propose an entry that corrects it')
    .requiredOption('--currency <code>', 'of the break')
    .requiredOption('--transfer <from,to,amount>', 'amount in minor units; several times', transferIn, [])
    .requiredOption('--note <text>', 'why; kept with it')
    .option('--yes', 'do it', false)
    .action(runs(correct));
  reconcile.command('proposal <breakId>').description('the correction that waits for an approval').action(runs(proposal));
  reconcile
    .command('approve <breakId>')
    .description('post what somebody else proposed')
    .requiredOption('--proposal <proposalId>', 'what you have seen: nothing else is approved')
    .option('--yes', 'do it', false)
    .action(runs(approve));
  reconcile.command('lines').description('lines of our bank that nobody has explained').action(runs(lines));
}

async function giveFile(context: CommandContext, file: string, { provider, bill, day, now }: FileOptions): Promise<ExitCode> {
  if (!existsSync(file)) throw new UsageError(`There is no file ${file}.`);
  const hub = context.hub('finance');
  const before = await lastRun(hub, provider, day);
  const { billId, isKnown } = await hub.send<{ billId: string; isKnown: boolean }>(
    pathOf('bills'),
    { provider, bill, day },
    createReadStream(file),
  );
  const read = await waitedFor(`${billId} is read`, async () => {
    const found = await hub.get<Bill>(pathOf('bills', billId)).catch(nothingYet);
    return found?.status === 'received' ? undefined : found;
  });
  if (read.status === 'unfit') {
    context.show(read, () => billText(read));
    return exitCodes.failed;
  }
  if (now) await hub.post(pathOf('runs'), { body: { provider, day } });
  else if (!(await isComplete(hub, provider, day))) {
    context.show(
      read,
      () => `${billId} has ${countText(read.lines ?? 0)} lines. ${day} is compared when ${provider} has given its other bill, too.`,
    );
    return exitCodes.ok;
  }
  const run = await waitedFor(`${day} is compared`, async () => {
    const last = await lastRun(hub, provider, day);
    return last && last.state !== 'running' && ((isKnown && !now) || last.runId !== before?.runId) ? last : undefined;
  });
  return shownRun(context, run);
}

const waitedFor = <T>(what: string, ask: () => Promise<T | undefined>): Promise<T> => until(ask, { everyMs: 200, timeoutMs: waitMs, what });

function nothingYet(error: unknown): undefined {
  if (!(error instanceof Refused) || error.code !== 'not_found') throw error;
  return undefined;
}

async function lastRun(hub: HubClient, provider: string, day: string): Promise<Run | undefined> {
  const found = await hub.get<{ runId: string | null }>(pathOf('days', provider, day)).catch(nothingYet);
  return found?.runId == null ? undefined : hub.get<Run>(pathOf('runs', found.runId));
}

async function isComplete(hub: HubClient, provider: string, day: string): Promise<boolean> {
  const { items } = await hub.get<{ items: { provider: string; bills: ('trade' | 'fund')[] }[] }>(pathOf('terms'));
  const { bills: given } = await hub.get<{ bills: Record<'trade' | 'fund', string | null> }>(pathOf('days', provider, day));
  return (items.find((each) => each.provider === provider)?.bills ?? []).every((kind) => given[kind] !== null);
}

function shownRun(context: CommandContext, run: Run): ExitCode {
  context.show(run, () => runText(run));
  const { found = 0, known = 0 } = run.breaks ?? {};
  return run.state === 'completed' && found + known === 0 ? exitCodes.ok : exitCodes.failed;
}

async function showRun(context: CommandContext, runId: string): Promise<ExitCode> {
  return shownRun(context, await context.hub('auditor').get<Run>(pathOf('runs', runId)));
}

const amountColumn = (title: string) => ({ title, align: 'right' as const });

export function runText({ runId, state, matched = 0, carried = 0, breaks: count, code, detail, report }: Run): string {
  if (state === 'failed') return `${runId} has failed: ${code ?? ''}: ${detail ?? ''}`;
  const head = `${runId}  ${state}  ${countText(matched)} matched, ${countText(carried)} carried, ${countText(count?.found ?? 0)} breaks found, ${countText(count?.known ?? 0)} still there, ${countText(report?.explained ?? 0)} explained`;
  if (!report) return head;
  const kinds = report.breaks.map(({ kind, found, known }) => [kind, countText(found), countText(known)]);
  const differences = report.differences.map(({ side, currency, total, breaks: broken, carried: later, tolerated }) => [
    `${side} ${currency}`,
    ...[total, broken, later, tolerated].map(({ amountMinor }) => formatMinor(amountMinor, currency)),
  ]);
  const fees = report.fees.map(({ currency, billedMinor, returnedMinor }) => [
    currency,
    formatMinor(billedMinor, currency),
    formatMinor(returnedMinor, currency),
  ]);
  const parts = [
    head,
    kinds.length > 0 ? textTable([{ title: 'break' }, amountColumn('found'), amountColumn('still there')], kinds) : '',
    differences.length > 0
      ? textTable(
          [
            { title: 'bill less events' },
            amountColumn('total'),
            amountColumn('breaks'),
            amountColumn('carried'),
            amountColumn('tolerated'),
          ],
          differences,
        )
      : '',
    fees.length > 0 ? textTable([{ title: 'fees' }, amountColumn('billed'), amountColumn('returned')], fees) : '',
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

function billText({ billId, problemCount, problems = [] }: Bill): string {
  const rows = problems.map(({ code, line, field, message }) => [code, line, field, message]);
  const columns = [{ title: 'problem' }, amountColumn('line'), { title: 'field' }, { title: 'what' }];
  return `${billId} cannot be used: ${countText(problemCount ?? 0)} problems\n\n${textTable(columns, rows)}`;
}

async function bills(context: CommandContext, filter: { status?: string }): Promise<ExitCode> {
  const all = await context.hub('auditor').list<Bill>(pathOf('bills'), { ...filter });
  const columns = [
    { title: 'bill' },
    { title: 'provider' },
    { title: 'kind' },
    { title: 'day' },
    { title: 'status' },
    amountColumn('lines'),
    amountColumn('problems'),
  ];
  const rows = all.map((each) => [
    each.billId,
    each.provider,
    each.bill,
    each.day,
    each.status,
    each.lines ?? undefined,
    each.problemCount ?? undefined,
  ]);
  context.show(all, () => textTable(columns, rows));
  return exitCodes.ok;
}

async function breaks(
  context: CommandContext,
  filter: { provider?: string; kind?: string; status: string; age?: string },
): Promise<ExitCode> {
  const all = await context.hub('auditor').list<Break>(pathOf('breaks'), { ...filter });
  const columns = [
    ...[{ title: 'break' }, { title: 'provider' }, { title: 'day' }, { title: 'kind' }, { title: 'movement' }],
    ...[amountColumn('difference'), { title: 'key' }, { title: 'age' }, { title: 'owner' }, { title: 'for approval' }],
  ];
  const rows = all.map((each) => [
    ...[each.breakId, each.provider, each.day, each.kind, each.movement],
    `${formatMinor(each.differenceMinor, each.currency)} ${each.currency}`,
    ...[each.ourKey ?? each.providerRef ?? undefined, each.age, each.owner ?? undefined, each.proposalId ?? undefined],
  ]);
  context.show(all, () => textTable(columns, rows));
  return exitCodes.ok;
}

async function resolve(context: CommandContext, breakId: string, { note, yes }: { note: string; yes: boolean }): Promise<ExitCode> {
  requireYes(yes, `close ${breakId}; nothing is posted`);
  const answer = await context.hub('finance').post<object>(pathOf('breaks', breakId, 'resolve'), { body: { note } });
  context.show(answer, () => `${breakId} is closed.`);
  return exitCodes.ok;
}

interface CorrectOptions {
  currency: string;
  transfer: { from: string; to: string; amountMinor: number }[];
  note: string;
  yes: boolean;
}

async function correct(context: CommandContext, breakId: string, { currency, transfer, note, yes }: CorrectOptions): Promise<ExitCode> {
  requireYes(yes, `propose to correct ${breakId}`);
  const body = { currency, transfers: transfer, note };
  const answer = await context.hub('finance').post<{ proposalId: string }>(pathOf('breaks', breakId, 'correction'), { body });
  context.show(answer, () => `The correction ${answer.proposalId} of ${breakId} waits for somebody else's approval.`);
  return exitCodes.ok;
}

async function proposal(context: CommandContext, breakId: string): Promise<ExitCode> {
  const { proposal: waiting } = await context.hub('auditor').get<{ proposal: Correction | null }>(pathOf('breaks', breakId));
  context.show(waiting, () => (waiting ? correctionText(waiting) : `No correction of ${breakId} waits.`));
  return exitCodes.ok;
}

function correctionText({ proposalId, currency, transfers, note, by }: Correction): string {
  const rows = transfers.map(({ from, to, amountMinor }) => [from, to, `${formatMinor(amountMinor, currency)} ${currency}`]);
  return `${proposalId} by ${by}: ${note}\n\n${textTable([{ title: 'from' }, { title: 'to' }, amountColumn('amount')], rows)}`;
}

async function approve(
  context: CommandContext,
  breakId: string,
  { proposal: proposalId, yes }: { proposal: string; yes: boolean },
): Promise<ExitCode> {
  requireYes(yes, `post the correction ${proposalId} of ${breakId}`);
  const answer = await context.hub('approver').post<object>(`${pathOf('breaks', breakId)}/correction/approve`, { body: { proposalId } });
  context.show(answer, () => `${breakId} is corrected.`);
  return exitCodes.ok;
}

async function lines(context: CommandContext): Promise<ExitCode> {
  const all = await context.hub('auditor').list<BankLine>(pathOf('bank-lines'), { status: 'open' });
  const columns = [
    { title: 'bank' },
    { title: 'line' },
    amountColumn('amount'),
    { title: 'reference' },
    { title: 'age' },
    { title: 'said to be' },
    { title: 'for approval' },
  ];
  const rows = all.map((each) => [
    ...[each.bank, each.lineId, `${formatMinor(each.amountMinor, each.currency)} ${each.currency}`, each.reference, each.age],
    ...[each.proposal?.account, each.proposal?.proposalId],
  ]);
  context.show(all, () => textTable(columns, rows));
  return exitCodes.ok;
}

function kindOf(text: string): 'trade' | 'fund' {
  if (text !== 'trade' && text !== 'fund') throw new InvalidArgumentError('It must be trade or fund.');
  return text;
}

function transferIn(text: string, before: CorrectOptions['transfer']): CorrectOptions['transfer'] {
  const [, from, to, amount] = /^([^,\s]+),([^,\s]+),(\d{1,13})$/.exec(text) ?? [];
  if (from === undefined || to === undefined) throw new InvalidArgumentError('It must be <from>,<to>,<amount in minor units>.');
  return [...before, { from, to, amountMinor: Number(amount) }];
}
