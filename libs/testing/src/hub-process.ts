import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ClusterProcess } from './cluster-process.js';
import { EmbeddedProcess } from './embedded-process.js';

export interface HubProcessOptions {
  /** Kept over restarts; a temporary one of its own when not given. */
  dataDir?: string;
  env?: Record<string, string>;
}

/** A hub in one of its forms. */
export interface RunningHub {
  readonly url: string;
  readonly eventStoreUrl: string;
  /** Everything it has logged. */
  log(): string;
  /** A graceful stop. @returns the exit code */
  stop(): Promise<number | null>;
  /** Pulls the plug. */
  kill(): Promise<void>;
  /** Resolves when it has ended, whatever ended it. */
  untilEnded(): Promise<void>;
}

/**
 * The real product, as processes that a test may stop, kill and start again on the same data: the embedded default, or, with TONGBAO_FORM=cluster,
 * the distributed form with Kafka, PostgreSQL and Redis.
 */
export class HubProcess {
  private constructor(
    readonly dataDir: string,
    private readonly hub: RunningHub,
  ) {}

  static async start({ dataDir = mkdtempSync(join(tmpdir(), 'tongbao-')), env = {} }: HubProcessOptions = {}): Promise<HubProcess> {
    const form = isCluster() ? ClusterProcess : EmbeddedProcess;
    return new HubProcess(dataDir, await form.start(dataDir, env));
  }

  get url(): string {
    return this.hub.url;
  }

  get eventStoreUrl(): string {
    return this.hub.eventStoreUrl;
  }

  log(): string {
    return this.hub.log();
  }

  /** A graceful stop. @returns the exit code */
  async stop(): Promise<number | null> {
    return this.hub.stop();
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    await this.hub.kill();
  }

  /** Resolves when it has ended, whatever ended it. */
  async untilEnded(): Promise<void> {
    await this.hub.untilEnded();
  }

  /** The token of an operator of the development set: ops, finance, approver, auditor or admin. */
  token(operator: string): string {
    const operators = JSON.parse(readFileSync(join(this.dataDir, 'operators.json'), 'utf8')) as { name: string; token: string }[];
    const found = operators.find(({ name }) => name === operator);
    if (!found) throw new Error(`there is no operator ${operator}`);
    return found.token;
  }

  removeData(): void {
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Which form of the hub this test run is about. */
export const isCluster = (): boolean => process.env['TONGBAO_FORM'] === 'cluster';
