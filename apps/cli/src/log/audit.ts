import { openPostgres } from '@tongbao/read-model';
import type { CommandContext } from '../command-context.js';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { settingsOf } from '../ops-settings.js';
import { PositionBar } from '../position-bar.js';
import { reportText, type AuditReport } from './audit.report.js';
import { auditKeysOf, commitmentKeyOf } from './audit.settings.js';
import { Findings } from './findings.js';
import { HubAudit, type HubAuditParts } from './hub.audit.js';
import { checkpointIn, keepCheckpoint, rememberedBy, type KnownCheckpoint } from './known-checkpoints.js';
import type { GivenKeys, TrustedKeys } from './log-keys.js';
import { HttpReadModels } from './read-models.http.js';
import { SqlReadModels } from './read-models.sql.js';
import { ServedLog } from './served-log.js';

export interface AuditOptions extends GivenKeys {
  /** PostgreSQL of the read models. */
  database?: string;
  storeOnly: boolean;
  /** File with a checkpoint from before. */
  known?: string;
  /** File for the newest checkpoint, when nothing differs. */
  keep?: string;
}

/** Audits a hub, and says all that differs. */
export async function auditHub(context: CommandContext, options: AuditOptions): Promise<ExitCode> {
  const { url } = context.options;
  const sources = { environment: process.env, dataDir: context.dataDir };
  const commitments = commitmentKeyOf(sources);
  const hub = options.storeOnly ? undefined : url;
  const keys = await auditKeysOf(options, hub, sources);
  const findings = new Findings();
  const notes: string[] = [];
  if (!options.log)
    notes.push(
      hub === undefined ? 'the key of the log is the one of the hub' : `the keys of the log are those that ${url} says are its own`,
    );
  const known = await knownBefore(options, keys, findings, notes);
  const rows = await rowsOf(context, options);
  const startedMs = performance.now();
  const progress = new Progress(context);
  try {
    const audit = new HubAudit({
      ...{ store: context.store(), commitments, keys, rows, known, findings },
      served: hub === undefined ? undefined : new ServedLog(hub),
      onProgress: progress.reached,
    });
    const { newest, ...audited } = await audit.run();
    progress.end();
    const ok = findings.total === 0;
    if (ok && options.keep !== undefined && newest !== undefined) keepCheckpoint(options.keep, newest);
    const report: AuditReport = {
      ...{ ok, ...audited, notes: [...notes, ...audited.notes], seconds: (performance.now() - startedMs) / 1_000 },
      ...{ counts: Object.fromEntries(findings.counts), findings: findings.kept },
    };
    context.show(report, () => reportText(report));
    return ok ? exitCodes.ok : exitCodes.failed;
  } finally {
    progress.end();
    await rows?.models.close();
  }
}

async function knownBefore(options: AuditOptions, keys: TrustedKeys, findings: Findings, notes: string[]): Promise<KnownCheckpoint[]> {
  const known: KnownCheckpoint[] = [];
  if (options.known !== undefined) {
    const kept = checkpointIn(options.known, options.known === options.keep, keys, findings);
    if (kept) known.push(kept);
  }
  const [log] = keys.logs;
  for (const witness of options.storeOnly ? [] : keys.witnessUrls) {
    try {
      const remembered = log && (await rememberedBy(witness, log, findings));
      if (remembered) known.push(remembered);
      else notes.push(`the witness ${witness.key.name} does not say what it remembers`);
    } catch (error) {
      notes.push(`the witness ${witness.key.name} does not answer: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return known;
}

async function rowsOf(context: CommandContext, { database, storeOnly }: AuditOptions): Promise<HubAuditParts['rows']> {
  if (database !== undefined) {
    const { databaseUrl } = settingsOf({ database });
    const sql = await openPostgres({ url: databaseUrl, connections: 2, applicationName: 'tongbao-cli' });
    return { source: 'in the database', models: new SqlReadModels(sql) };
  }
  return storeOnly ? undefined : { source: `at ${context.options.url}/v1/ledger`, models: new HttpReadModels(context.hub('auditor')) };
}

/** One line that is drawn again; at a terminal only. */
class Progress {
  #bar: PositionBar | undefined;

  constructor(private readonly context: CommandContext) {}

  readonly reached = (position: bigint, entries: number, end: bigint): void => {
    const { io, options } = this.context;
    this.#bar ??= new PositionBar(options.json ? { ...io, isTerminal: false } : io, 'audit', 0n, end, 'entries');
    this.#bar.reached(position, entries);
  };

  end(): void {
    this.#bar?.end();
  }
}
