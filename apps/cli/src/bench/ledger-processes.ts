import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LedgerResults, LedgerTask } from './ledger.program.js';

const serverMain = fileURLToPath(new URL('../../../../libs/event-store-server/dist/main.js', import.meta.url));
const ledgerMain = fileURLToPath(new URL('../../dist/bench/ledger.program.js', import.meta.url));

/** The embedded event store as a process of its own, on disk, on data that is removed afterwards. */
export class StoreUnderTest {
  private constructor(
    readonly eventStoreUrl: string,
    private readonly dataDir: string,
    private readonly child: ChildProcess,
  ) {}

  static async start(): Promise<StoreUnderTest> {
    const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-bench-'));
    const env = { ...process.env, EVENT_STORE_DATA: dataDir, EVENT_STORE_PORT: '0' };
    const child = fork(serverMain, { env, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
    const said = (await answerOf(child, 'the event store')) as { eventStoreUrl: string };
    return new StoreUnderTest(said.eventStoreUrl, dataDir, child);
  }

  async stop(): Promise<void> {
    await end(this.child, 'SIGTERM');
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/**
 * Has a process with a ledger's writer do something, and kills it: what was to be stopped gracefully has been.
 * @throws Error when the ledger had a problem, for then what was measured is something else
 */
export async function ledgerProcess<T extends LedgerTask['task']>(
  task: Extract<LedgerTask, { task: T }>,
  options: readonly string[] = [],
): Promise<LedgerResults[T]> {
  const child = fork(ledgerMain, [JSON.stringify(task)], { execArgv: [...options], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const { result, problems } = (await answerOf(child, 'the ledger')) as { result: LedgerResults[T]; problems: string[] };
    if (problems.length > 0) throw new Error(`the ledger: ${problems.join('; ')}`);
    return result;
  } finally {
    await end(child, 'SIGKILL');
  }
}

async function answerOf(child: ChildProcess, name: string): Promise<unknown> {
  const ended = new AbortController();
  const exit = once(child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
    throw new Error(`${name} ended with ${String(code ?? signal)} and without an answer`);
  });
  try {
    const [message] = (await Promise.race([once(child, 'message', { signal: ended.signal }), exit])) as [unknown];
    return message;
  } finally {
    ended.abort();
    exit.catch(() => undefined);
  }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  await exit;
}
