import { join } from 'node:path';
import { openPglite, openPostgres, tracedSql, type SqlClient } from '@tongbao/read-model';
import { tracing } from '@tongbao/telemetry';
import type { ServiceProcessOptions } from './service-process.js';

/** The database of the read models: PostgreSQL where one is configured, else PGlite in the data folder. */
export async function openReadModels(options: ServiceProcessOptions): Promise<SqlClient> {
  const sql = await open(options);
  return tracing.enabled ? tracedSql(sql) : sql;
}

function open({ title, config, logger, onFatal }: ServiceProcessOptions): Promise<SqlClient> {
  if (config.databaseUrl)
    return openPostgres({
      url: config.databaseUrl,
      connections: config.databaseConnections,
      applicationName: title,
      onOutage: (error) => logger.warn({ err: error, what: 'PostgreSQL' }, 'waits for something that is down'),
    });
  return openPglite(join(config.dataDir, 'read-models'), {
    onFatal,
    onDamaged: (movedAside) => logger.warn({ movedAside }, 'the read models could not be opened and are built again from the log'),
  });
}
