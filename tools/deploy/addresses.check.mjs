// Every address in the settings of a process is one that something listens on, and that the process reaches.
import { appOf } from './settings.check.mjs';

/** @param reaches (workload, host, port) => what is wrong, or undefined */
export function checkAddresses(workloads, reaches) {
  return workloads.flatMap((workload) =>
    addressesOf(workload).flatMap(([setting, host, port]) => {
      const problem = reaches(workload, host, port);
      return problem === undefined ? [] : [`${workload.where}: ${setting}: ${problem}`];
    }),
  );
}

function addressesOf(workload) {
  const { env, contentOf } = workload;
  const text = (name) => env[name] ?? contentOf(env[`${name}_FILE`] ?? '') ?? '';
  const hosts = (name, list) =>
    list.map((each) => [name, each.slice(0, each.lastIndexOf(':')), Number(each.slice(each.lastIndexOf(':') + 1))]);
  const url = (name, address, usualPort) => {
    const parsed = URL.parse(address);
    return parsed ? [[name, parsed.hostname, Number(parsed.port || usualPort)]] : [];
  };
  const found = [
    ...hosts('KAFKA_BROKERS', split(text('KAFKA_BROKERS'))),
    ...hosts('EVENT_STORE_URL', split(/^[a-z+]+:\/\/(?:[^@/]*@)?([^/?]*)/.exec(text('EVENT_STORE_URL'))?.[1] ?? '')),
    ...url('DATABASE_URL', text('DATABASE_URL'), 5432),
    ...url('REDIS_URL', text('REDIS_URL'), 6379),
    ...url('TRACES_URL', text('TRACES_URL'), 4318),
    ...split(text('GATEWAY_ROUTES')).flatMap((route) => url('GATEWAY_ROUTES', route.slice(route.indexOf('=') + 1), 80)),
  ];
  // A standby reaches the process that leads.
  const port = Number(env.TONGBAO_PORT);
  return text('ADVERTISED_URL') || workload.argv.some((each) => each.includes('ADVERTISED_URL='))
    ? [...found, ['ADVERTISED_URL', appOf(workload), port]]
    : found;
}

const split = (text) => text.split(',').filter((each) => each !== '');
