import 'reflect-metadata';
import { ConfigError, loadConfig } from '@tongbao/service';
import { pino } from 'pino';
import { Hub } from './hub.js';

/** Starts the hub, says where to look, and stops it gracefully on SIGINT and SIGTERM. */
async function main(): Promise<void> {
  const config = loadConfig(process.env);
  const logger = pino({ level: config.logLevel }, pino.destination(2));
  const onFatal = (error: unknown) => {
    logger.fatal({ err: error }, 'the hub cannot go on');
    process.exit(1);
  };
  const started = performance.now();
  const hub = await Hub.start(config, logger, onFatal);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    console.log(`${signal}: finishing what is in hand`);
    hub.stop().then(() => {
      console.log('stopped');
      process.exit(0);
    }, onFatal);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  console.log(`Tongbao is ready after ${((performance.now() - started) / 1_000).toFixed(1)} s
  HTTP API     ${hub.url}/v1        (health: ${hub.url}/health/ready, description: ${hub.url}/openapi.json)
  event store  ${hub.eventStoreUrl}
  data         ${config.dataDir}         (operators' tokens: ${config.dataDir}/operators.json)
Stop with Ctrl-C.`);
  // Whoever started this process can wait for the line above, or for this message.
  process.send?.({ ready: true, url: hub.url, eventStoreUrl: hub.eventStoreUrl });
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : (hintOf(error) ?? error));
  process.exit(1);
});

/** What to do about the failures that a person can mend at once. */
function hintOf(error: unknown): string | undefined {
  const text = String(error);
  const isPortTaken = text.includes('EADDRINUSE');
  if (isPortTaken) return `${text}\nAnother process has the port: set TONGBAO_PORT or EVENT_STORE_PORT, or 0 for any free one.`;
  if (text.includes('in use by another process'))
    return `${text}\nAnother hub runs on this data folder: stop it, or set TONGBAO_DATA to another folder.`;
  return undefined;
}
