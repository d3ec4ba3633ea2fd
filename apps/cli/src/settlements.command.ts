import { formatMinor } from '@tongbao/money';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { countText, textTable } from './text-table.js';

export interface Payout {
  payoutId: string;
  settlementId: string;
  party: string;
  direction: 'payout' | 'collection';
  amountMinor: number;
  currency: string;
  status: string;
  code: string | null;
}

interface Settlement {
  settlementId: string;
  currency: string;
  status: string;
  windowIds: string[];
  requestedBy: string;
  requestedAt: string;
  approvedBy: string | null;
  facts: number;
  /** Payments that have been told of it so far. */
  paymentsTold: { count: number; done: boolean };
}

interface SettlementDetails extends Settlement {
  parties: { party: string; carriedInMinor: number; netMinor: number; payableMinor: number; action: string; carriedOutMinor: number }[];
  obligations: { debtor: string; creditor: string; amountMinor: number }[];
  payouts: Payout[];
}

export function addSettlementsCommands(program: Command, runs: Runner): void {
  const settlements = program.command('settlements').description('what windows come to, and paying it');
  settlements.command('list').description('newest first').option('--currency <code>', 'of one currency').action(runs(list));
  settlements.command('show <settlementId>').description('parties, who owes whom, payouts and collections').action(runs(showOne));
  settlements
    .command('create <windowIds...>')
    .description('settle closed windows together')
    .option('--yes', 'do it', false)
    .action(runs(create));
  settlements
    .command('approve <settlementId>')
    .description('let it pay; by someone other than who asked for it')
    .option('--moved-minor <amount>', 'what it pays and collects in all, as you have seen it; refused when it is another amount by now')
    .option('--yes', 'do it', false)
    .action(runs(approve));
  settlements
    .command('abort <settlementId>')
    .description('give it up before its first payout')
    .requiredOption('--reason <text>', 'why; kept with it')
    .option('--yes', 'do it', false)
    .action(runs(abort));
  settlements
    .command('retry <settlementId>')
    .description('ask again for its payouts that the ledger refused or the bank failed')
    .option('--despite <lineIds...>', 'lines of the bank that name one of them and wait in suspense, and that you have looked at')
    .option('--yes', 'do it', false)
    .action(runs(retry));
}

const pathOf = (settlementId: string, action = ''): string => `/v1/settlement/settlements/${encodeURIComponent(settlementId)}${action}`;

async function list(context: CommandContext, filter: { currency?: string }): Promise<ExitCode> {
  const settlements = await context.hub('auditor').list<Settlement>('/v1/settlement/settlements', { ...filter });
  const columns = [
    { title: 'settlement' },
    { title: 'status' },
    { title: 'windows' },
    { title: 'facts', align: 'right' as const },
    { title: 'asked by' },
    { title: 'approved by' },
  ];
  const rows = settlements.map((each) => [
    each.settlementId,
    each.status,
    each.windowIds.join(', '),
    countText(each.facts),
    each.requestedBy,
    each.approvedBy ?? undefined,
  ]);
  context.show(settlements, () => textTable(columns, rows));
  return exitCodes.ok;
}

async function showOne(context: CommandContext, settlementId: string): Promise<ExitCode> {
  const settlement = await context.hub('auditor').get<SettlementDetails>(pathOf(settlementId));
  context.show(settlement, () => detailsText(settlement));
  return exitCodes.ok;
}

export function detailsText(settlement: SettlementDetails): string {
  const { settlementId, status, currency, windowIds, requestedBy, approvedBy, parties, obligations, payouts } = settlement;
  const amount = (title: string) => ({ title, align: 'right' as const });
  const minor = (amountMinor: number) => formatMinor(amountMinor, currency);
  const head = `${settlementId}  ${status}  ${currency}  windows ${windowIds.join(', ')}  asked by ${requestedBy}${approvedBy ? `, approved by ${approvedBy}` : ''}`;
  const partyRows = parties.map((each) => [
    each.party,
    minor(each.carriedInMinor),
    minor(each.netMinor),
    minor(each.payableMinor),
    each.action,
    minor(each.carriedOutMinor),
  ]);
  const parts = [
    head,
    textTable(
      [{ title: 'party' }, amount('carried in'), amount('net'), amount('payable'), { title: 'action' }, amount('carried out')],
      partyRows,
    ),
    textTable(
      [{ title: 'owes' }, { title: 'to' }, amount(currency)],
      obligations.map((each) => [each.debtor, each.creditor, minor(each.amountMinor)]),
    ),
    textTable(
      [{ title: 'payout' }, { title: 'party' }, { title: 'direction' }, amount(currency), { title: 'status' }, { title: 'why' }],
      payouts.map((each) => [each.payoutId, each.party, each.direction, minor(each.amountMinor), each.status, each.code ?? undefined]),
    ),
  ];
  const isEmpty = [false, parties.length === 0, obligations.length === 0, payouts.length === 0];
  return parts.filter((_, index) => !isEmpty[index]).join('\n\n');
}

async function create(context: CommandContext, windowIds: string[], { yes }: { yes: boolean }): Promise<ExitCode> {
  requireYes(yes, `settle ${windowIds.join(', ')}`);
  const answer = await context.hub('finance').post<{ settlementId: string }>('/v1/settlement/settlements', { body: { windowIds } });
  context.show(answer, () => `${answer.settlementId} is asked for.`);
  return exitCodes.ok;
}

async function approve(
  context: CommandContext,
  settlementId: string,
  { yes, movedMinor }: { yes: boolean; movedMinor?: string },
): Promise<ExitCode> {
  requireYes(yes, `approve ${settlementId}: its payouts and collections go out`);
  const body = movedMinor === undefined ? {} : { body: { movedMinor: Number(movedMinor) } };
  const answer = await context.hub('approver').post<object>(pathOf(settlementId, '/approve'), body);
  context.show(answer, () => `${settlementId} is approved.`);
  return exitCodes.ok;
}

async function abort(context: CommandContext, settlementId: string, { reason, yes }: { reason: string; yes: boolean }): Promise<ExitCode> {
  requireYes(yes, `abort ${settlementId}`);
  const answer = await context.hub('finance').post<object>(pathOf(settlementId, '/abort'), { body: { reason } });
  context.show(answer, () => `${settlementId} is aborted.`);
  return exitCodes.ok;
}

async function retry(
  context: CommandContext,
  settlementId: string,
  { yes, despite }: { yes: boolean; despite?: string[] },
): Promise<ExitCode> {
  const { payouts } = await context.hub('auditor').get<SettlementDetails>(pathOf(settlementId));
  const stopped = payouts.filter(({ status }) => status === 'refused' || status === 'failed');
  requireYes(yes, `ask again for ${stopped.length} payouts of ${settlementId}`);
  const finance = context.hub('finance');
  const body = despite ? { body: { despiteLines: despite } } : {};
  for (const { payoutId } of stopped) await finance.post<object>(`/v1/settlement/payouts/${encodeURIComponent(payoutId)}/retry`, body);
  const asked = stopped.map(({ payoutId }) => payoutId);
  context.show({ settlementId, asked }, () =>
    asked.length === 0 ? `No payout of ${settlementId} was refused or has failed.` : `Asked again for ${asked.join(', ')}.`,
  );
  return exitCodes.ok;
}
