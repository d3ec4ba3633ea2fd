import { startPostgres, type PostgresService } from '@tongbao/local-services';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openPglite, openPostgres, type PostgresOptions, type SqlClient } from '../src/index.js';

export interface TestDatabase {
  client: SqlClient;
  /** A further client, to be closed by whoever asked for it: of the same database, or of another where there can be one client only. */
  another(): Promise<SqlClient>;
  close(): Promise<void>;
}

/** Every database that read models may live in: what holds over one holds over the other. */
export const databases: [name: string, open: () => Promise<TestDatabase>][] = [
  ['PGlite', openPgliteDatabase],
  ['PostgreSQL', openPostgresDatabase],
];

async function openPgliteDatabase(): Promise<TestDatabase> {
  const client = await openPglite('memory');
  return { client, another: () => openPglite('memory'), close: () => client.close() };
}

async function openPostgresDatabase(): Promise<TestDatabase> {
  const server = await PostgresServer.start();
  const client = await server.open();
  return {
    client,
    another: () => server.open(),
    close: async () => {
      await client.close();
      await server.remove();
    },
  };
}

/** A real PostgreSQL in a folder of its own. */
export class PostgresServer {
  private constructor(
    private readonly dataDir: string,
    public service: PostgresService,
  ) {}

  static async start(): Promise<PostgresServer> {
    const dataDir = mkdtempSync(join(tmpdir(), 'read-model-postgres-'));
    // Under root the server runs as somebody else.
    chmodSync(dataDir, 0o755);
    return new PostgresServer(dataDir, await startPostgres({ dataDir }));
  }

  get url(): string {
    return this.service.url;
  }

  open(options: Partial<PostgresOptions> = {}): Promise<SqlClient> {
    return openPostgres({ url: this.url, connections: 4, applicationName: 'tests', ...options });
  }

  /** On the same port, with the same data. */
  async startAgain(): Promise<void> {
    this.service = await startPostgres({ dataDir: this.dataDir });
  }

  async remove(): Promise<void> {
    await this.service.stop();
    rmSync(this.dataDir, { recursive: true });
  }
}
