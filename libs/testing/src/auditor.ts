import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const auditor = fileURLToPath(new URL('../../../apps/auditor/dist/main.js', import.meta.url));

export interface AuditReport {
  ok: boolean;
  figures: Record<string, number>;
  /** What does not hold; empty when all is well. */
  problems: string[];
}

/** Has the auditor, which asks no service and shares no code with any, read an event store, and the topics where brokers are given. */
export async function auditStore(eventStoreUrl: string, kafkaBrokers?: string): Promise<AuditReport> {
  const topics = kafkaBrokers === undefined ? [] : ['--kafka', kafkaBrokers];
  const args = [auditor, '--event-store', eventStoreUrl, ...topics, '--json'];
  // Exit code 1 says that something does not hold: the report says what.
  const { stdout } = await run(process.execPath, args, { maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'stdout' in error && String(error.stdout).startsWith('{'))
      return { stdout: String(error.stdout) };
    throw error;
  });
  // What the auditor prints with --json.
  return JSON.parse(stdout) as AuditReport;
}
