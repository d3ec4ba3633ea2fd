import { EventStore, LogFeed } from '@tongbao/event-store';
import { openPglite, ProjectionRunner } from '@tongbao/read-model';
import { soleLeader } from '@tongbao/service';
import pino from 'pino';
import { TransparencyLog } from '../src/log.service.js';
import { logProjection } from '../src/log.view.js';
import { settingsOf, type LogOptions } from './log-hub.js';

/** What the program is told, as JSON in its only argument. */
export interface LogProgram {
  connectionString: string;
  /** Folder of the tables. */
  tables: string;
  options: LogOptions;
}

// The part of the ledger service that makes the transparency log, as a process of its own. Says when it is ready.
const { connectionString, tables, options } = JSON.parse(process.argv[2] ?? '{}') as LogProgram;
const settings = settingsOf(options);
const store = EventStore.connect(connectionString);
const feed = new LogFeed(store, { categories: ['journal', 'log'] });
await feed.start();
const sql = await openPglite(tables);
const projection = await ProjectionRunner.start(sql, feed, logProjection(settings.commitments));
const log = new TransparencyLog({
  ...{ store, feed, sql, projection, settings, healthChecks: [], leadership: soleLeader },
  clock: { now: () => new Date() },
  logger: pino({ level: 'silent' }),
});
await log.onApplicationBootstrap();
process.stdout.write('ready\n');
