import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { exitCodes, type ExitCode } from './exit-codes.js';
import { countText, textTable } from './text-table.js';

interface Window {
  windowId: string;
  currency: string;
  state: string;
  openedAt: string | null;
  closedAt: string | null;
  facts: number;
  settlementId: string | null;
}

export function addWindowsCommands(program: Command, runs: Runner): void {
  const windows = program.command('windows').description('settlement windows');
  windows
    .command('list')
    .description('newest first')
    .option('--currency <code>', 'of one currency')
    .option('--state <state>', 'open, closed, settling or settled')
    .action(runs(list));
  windows
    .command('close <windowId>')
    .description('close a window; its own place in the log is the cut-off')
    .option('--yes', 'do it', false)
    .action(runs(close));
}

async function list(context: CommandContext, filter: { currency?: string; state?: string }): Promise<ExitCode> {
  const windows = await context.hub('auditor').list<Window>('/v1/settlement/windows', { ...filter });
  const columns = [
    { title: 'window' },
    { title: 'state' },
    { title: 'facts', align: 'right' as const },
    { title: 'opened' },
    { title: 'closed' },
    { title: 'settlement' },
  ];
  const rows = windows.map((each) => [
    each.windowId,
    each.state,
    countText(each.facts),
    each.openedAt ?? undefined,
    each.closedAt ?? undefined,
    each.settlementId ?? undefined,
  ]);
  context.show(windows, () => textTable(columns, rows));
  return exitCodes.ok;
}

async function close(context: CommandContext, windowId: string, { yes }: { yes: boolean }): Promise<ExitCode> {
  requireYes(yes, `close ${windowId}`);
  const answer = await context.hub('finance').post<object>(`/v1/settlement/windows/${encodeURIComponent(windowId)}/close`);
  context.show(answer, () => `${windowId} is closed.`);
  return exitCodes.ok;
}
