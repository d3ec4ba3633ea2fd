// What docker-compose.yml runs, as the checks look at it.
import { basename, join } from 'node:path';
import { readFileSync } from 'node:fs';

/** Ports that images listen on without being told. */
const portsOfImages = {
  'kurrentplatform/kurrentdb': [2113],
  postgres: [5432],
  redis: [6379],
  'grafana/tempo': [3200, 4318],
  'prom/prometheus': [9090],
  'grafana/grafana': [3000],
};

/**
 * @param project as compose-go prints it
 * @param secretsFolder where secrets.sh has made the secrets
 * @returns one workload for each service: where, name, image, argv, env, contentOf(path), problems
 */
export function composeWorkloads(project, secretsFolder) {
  return Object.entries(project.services).map(([name, service]) => {
    const problems = [];
    const secrets = new Map();
    for (const { source, target } of service.secrets ?? []) {
      const path = target.startsWith('/') ? target : `/run/secrets/${target}`;
      secrets.set(path, contentOf(project.secrets[source].file, secretsFolder, problems));
    }
    return {
      where: `docker-compose.yml: ${name}`,
      name,
      image: service.image,
      argv: [...(service.entrypoint ?? []), ...(service.command ?? [])],
      env: service.environment ?? {},
      contentOf: (path) => secrets.get(path),
      ports: portsOf(service),
      spec: service,
      problems,
    };
  });
}

function contentOf(file, secretsFolder, problems) {
  try {
    return readFileSync(join(secretsFolder, basename(file)), 'utf8').trim();
  } catch {
    problems.push(`secret ${file}: deploy/secrets.sh does not make it`);
    return undefined;
  }
}

function portsOf({ image, environment = {} }) {
  if (environment.TONGBAO_PORT)
    return [environment.TONGBAO_PORT, environment.METRICS_PORT].filter((port) => port !== undefined).map(Number);
  if (environment.KAFKA_LISTENERS) return [...environment.KAFKA_LISTENERS.matchAll(/:(\d+)/g)].map(([, port]) => Number(port));
  return portsOfImages[image.slice(0, image.lastIndexOf(':'))] ?? [];
}

/** Whether a workload of the compose file reaches an address. @returns what is wrong, or undefined */
export function composeReaches(workloads) {
  return (from, host, port) => {
    const to = workloads.find(({ name }) => name === host);
    if (!to) return `there is no service ${host}`;
    if (!to.ports.includes(port)) return `${host} does not listen on ${port}`;
    const shared = Object.keys(from.spec.networks ?? {}).some((network) => network in (to.spec.networks ?? {}));
    return shared ? undefined : `${from.name} and ${host} are on no network together`;
  };
}
