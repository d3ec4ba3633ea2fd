import { messageOf } from './errors.js';
import { startEventStoreServer, type EventStoreServer } from './server.js';

/*
 * The event store as a process of its own:
 *   EVENT_STORE_DATA  folder of the data (required)
 *   EVENT_STORE_HOST  address to listen on, 127.0.0.1 by default
 *   EVENT_STORE_PORT  port to listen on, 2113 by default; 0 takes any that is free
 * Writes one line of JSON for what happens; a parent process gets the message { ready, eventStoreUrl }. SIGINT and SIGTERM end it gracefully; it ends with code 1 when it could not start or not commit.
 */

const say = (level: 'info' | 'error', message: string, more: object = {}) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level, message, ...more })}\n`);

function start(): Promise<EventStoreServer> {
  const { EVENT_STORE_DATA: dataDir, EVENT_STORE_HOST: host, EVENT_STORE_PORT: port = '2113' } = process.env;
  if (!dataDir) throw new Error('EVENT_STORE_DATA must name the folder of the data.');
  if (!/^\d{1,5}$/.test(port)) throw new Error(`EVENT_STORE_PORT must be a port, not '${port}'.`);
  const onFatal = (error: Error) => {
    say('error', error.message);
    // The clients have been told already; a second is time enough for the messages to leave.
    setTimeout(() => process.exit(1), 1000).unref();
    process.exitCode = 1;
  };
  return startEventStoreServer({ dataDir, host, port: Number(port), onFatal });
}

function stopOn(signal: NodeJS.Signals, server: EventStoreServer): void {
  process.once(signal, () => {
    say('info', 'The event store is shutting down.', { signal });
    server.close().then(
      () => process.exit(process.exitCode ?? 0),
      (error: unknown) => {
        say('error', messageOf(error));
        process.exit(1);
      },
    );
  });
}

try {
  const server = await start();
  stopOn('SIGINT', server);
  stopOn('SIGTERM', server);
  say('info', 'The event store is listening.', { port: server.port, connectionString: server.connectionString });
  process.send?.({ ready: true, eventStoreUrl: server.connectionString });
  // Whoever started it by fork has ended without having stopped it.
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
} catch (error) {
  say('error', messageOf(error));
  process.exitCode = 1;
}
