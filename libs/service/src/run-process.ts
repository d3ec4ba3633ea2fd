import { readFileSync } from 'node:fs';
import { createLogger, startTelemetry, type Logger } from '@tongbao/telemetry';
import { ConfigError, loadConfig, type HubConfig } from './config.js';

/** A started process, as whoever starts it must know it. */
export interface Started {
  url: string;
  /** Connection string. */
  eventStoreUrl: string;
  /** Further lines of what it says once it is ready. */
  says?: Record<string, string>;
  stop(): Promise<void>;
}

/** @param onFatal the process cannot go on: it ends with exit code 1 */
export type StartProcess = (config: HubConfig, logger: Logger, onFatal: (error: unknown) => void) => Promise<Started>;

/**
 * Runs a process from its start to its end: reads the configuration, starts it, says where to look (to people, and by a message to a parent process),
 * and stops it gracefully on SIGINT and SIGTERM.
 */
export function runProcess(title: string, start: StartProcess): void {
  run(title, start).catch((error: unknown) => {
    console.error(error instanceof ConfigError ? error.message : (hintOf(error) ?? error));
    process.exit(1);
  });
}

const stopsWithinMs = 25_000;

async function run(title: string, start: StartProcess): Promise<void> {
  const config = loadConfig(process.env);
  const service = serviceOf(title);
  const logger = createLogger({ service, level: config.logLevel });
  const { tracesUrl, tracesRatio } = config;
  const telemetry = await startTelemetry({ service, version: versionOf(), tracesUrl, ratio: Number(tracesRatio), logger });
  const onFatal = (error: unknown) => {
    logger.fatal({ err: error }, `${title} cannot go on`);
    process.exit(1);
  };
  const began = performance.now();
  // A process that still waits for what it depends on has nothing in hand.
  const leave = () => process.exit(0);
  process.on('SIGINT', leave).on('SIGTERM', leave);
  const started = await start(config, logger, onFatal);
  process.off('SIGINT', leave).off('SIGTERM', leave);
  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    console.log(`${signal}: finishing what is in hand`);
    setTimeout(() => {
      onFatal(new Error(`it did not stop in ${stopsWithinMs / 1_000} s`));
    }, stopsWithinMs).unref();
    started
      .stop()
      .then(() => telemetry.stop())
      .then(() => {
        console.log('stopped');
        process.exit(0);
      }, onFatal);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // Whoever started it by fork has ended, without having stopped it: nobody would ever do so.
  process.on('disconnect', () => {
    stop('the parent has ended');
  });
  const { url, eventStoreUrl, says = {} } = started;
  const lines = Object.entries(says).map(([what, where]) => `\n  ${what.padEnd(12)} ${where}`);
  console.log(`${title} is ready after ${((performance.now() - began) / 1_000).toFixed(1)} s
  HTTP API     ${url}/v1        (health: ${url}/health/ready, description: ${url}/openapi.json)
  event store  ${eventStoreUrl}${lines.join('')}
Stop with Ctrl-C.`);
  // Whoever started this process can wait for the lines above, or for this message.
  process.send?.({ ready: true, url, eventStoreUrl });
}

/** What the process is called in logs, metrics and traces: `payment` of `Tongbao payment`. */
const serviceOf = (title: string): string => title.toLowerCase().replace(/^tongbao\s*/, '') || 'standalone';

/** Of the release: all packages have the same. */
function versionOf(): string {
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return version;
}

/** What to do about the failures that a person can mend at once. */
function hintOf(error: unknown): string | undefined {
  const text = String(error);
  const isPortTaken = text.includes('EADDRINUSE');
  if (isPortTaken)
    return `${text}\nAnother process has the port: set TONGBAO_PORT, METRICS_PORT or EVENT_STORE_PORT, or 0 for any free one.`;
  if (text.includes('in use by another process'))
    return `${text}\nAnother hub runs on this data folder: stop it, or set TONGBAO_DATA to another folder.`;
  return undefined;
}

/**
 * What a process of a distributed hub cannot make for itself.
 * @throws ConfigError naming every variable that is missing
 */
export function requireSettings(config: HubConfig, settings: Partial<Record<keyof HubConfig, string>>): void {
  const missing = Object.entries(settings).filter(([property]) => {
    const value: unknown = Reflect.get(config, property);
    return value === '' || (Array.isArray(value) && value.length === 0);
  });
  if (missing.length > 0)
    throw new ConfigError(`The configuration is wrong.\n${missing.map(([, env]) => `${env}: it must be set for this process`).join('\n')}`);
}
