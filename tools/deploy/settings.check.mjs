// Every process gets the settings that the code knows and needs, with values that it accepts.
import { existsSync, readFileSync } from 'node:fs';

/** Variables that Node.js and the system know by themselves, and one that others are made of. */
const ofThePlatform = ['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'TZ', 'POD_IP'];
const services = ['payment', 'ledger', 'settlement', 'notification'];

/** @param code settings, loadConfig and serviceNames of libs/service */
export function checkSettings(workloads, code) {
  return workloads.flatMap((workload) => problemsOf(workload, code).map((problem) => `${workload.where}: ${problem}`));
}

/** The app that a workload runs: `payment` of `node apps/payment/dist/main.js`. */
export const appOf = ({ argv }) => argv.map((each) => /^apps\/([a-z-]+)\/dist\/main\.js$/.exec(each)?.[1]).find((app) => app !== undefined);

function problemsOf(workload, code) {
  const app = appOf(workload);
  if (app === undefined) return ['it runs no program of apps'];
  if (!existsSync(`apps/${app}/src/main.ts`)) return [`there is no apps/${app}`];
  const names = Object.keys(workload.env);
  const unknown = names.filter((name) => !isKnown(name, app, code.settings)).map((name) => `${name} is no setting`);
  return [...workload.problems, ...unknown, ...missing(workload, app), ...wrong(workload, app, code)];
}

function isKnown(name, app, settings) {
  if (ofThePlatform.includes(name) || settings.some(({ env }) => env === name)) return true;
  if (app === 'cli' && readFileSync('apps/cli/src/cli.ts', 'utf8').includes(`process.env['${name}']`)) return true;
  return settings.some(({ env, kind }) => `${env}_FILE` === name && kind === 'secret');
}

function missing({ env, argv }, app) {
  const isSet = (name) => Boolean(env[name]) || Boolean(env[`${name}_FILE`]) || argv.some((each) => each.includes(`${name}=`));
  const required = requiredOf(app);
  if (services.includes(app) && required.length === 0) return [`what apps/${app} requires can no longer be read from its code`];
  return required.filter((name) => !isSet(name)).map((name) => `${name} is not set`);
}

/** The names in `requireSettings(config, { property: 'NAME' })` of a main.ts and of what it starts; and what only makes sense in a container. */
function requiredOf(app) {
  const main = readFileSync(`apps/${app}/src/main.ts`, 'utf8');
  const isDistributed = main.includes('startDistributed(');
  const sources = isDistributed ? [main, readFileSync('libs/service/src/start-distributed.ts', 'utf8')] : [main];
  const named = sources.flatMap((source) => [...source.matchAll(/requireSettings\(config, \{([^}]*)\}/g)].map(([, body]) => body));
  const ofCode = named.flatMap((body) => [...body.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, name]) => name));
  // Whoever listens on 0.0.0.0 cannot be reached under that address.
  if (isDistributed) return [...ofCode, 'TONGBAO_HOST', 'TONGBAO_PORT', 'ADVERTISED_URL'];
  if (app === 'gateway') return ['TONGBAO_HOST', 'TONGBAO_PORT', 'METRICS_PORT', 'GATEWAY_ROUTES'];
  return app === 'cli' ? ['KAFKA_BROKERS'] : [];
}

/** The code's own checks of the values, secrets by file with what is in them. */
function wrong({ env, contentOf, ports }, app, { loadConfig, settings, serviceNames }) {
  const problems = [];
  const values = {};
  for (const [name, value] of Object.entries(env)) {
    const setting = settings.find((each) => `${each.env}_FILE` === name);
    const text = setting ? contentOf(value) : value;
    if (text === undefined) problems.push(`${name}: nothing is mounted at ${value}`);
    values[setting?.env ?? name] = text;
  }
  if (problems.length > 0) return problems;
  try {
    const config = loadConfig(values);
    if (app === 'cli') return [];
    if (config.host !== '0.0.0.0') problems.push(`TONGBAO_HOST: ${config.host} is not reached from outside of the container`);
    if (!ports.includes(config.port)) problems.push(`TONGBAO_PORT: ${config.port} is none of its ports`);
    if (app === 'gateway' && !ports.includes(config.metricsPort)) problems.push(`METRICS_PORT: ${config.metricsPort} is none of its ports`);
    const routed = config.gatewayRoutes.map((route) => route.slice(0, route.indexOf('=')));
    if (app === 'gateway')
      for (const service of serviceNames) if (!routed.includes(service)) problems.push(`GATEWAY_ROUTES names no process of ${service}`);
  } catch (error) {
    problems.push(error instanceof Error ? error.message.replaceAll('\n', ' ') : String(error));
  }
  return problems;
}
