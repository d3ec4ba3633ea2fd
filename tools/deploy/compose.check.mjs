// What the compose file must have besides keys that exist.
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { appOf } from './settings.check.mjs';

/** Images that write into their own root file system. */
const writesItsRoot = ['apache/kafka', 'kurrentplatform/kurrentdb', 'grafana/grafana'];

/** Every container: as little right as it needs, limits, and a health check where it serves. */
export function checkContainers(workloads) {
  return workloads.flatMap((workload) => {
    const { where, image, spec } = workload;
    const isJob = spec.restart?.startsWith('on-failure') === true;
    const isOurs = appOf(workload) !== undefined;
    const expected = {
      'cap_drop ALL': spec.cap_drop?.includes('ALL') === true,
      'no-new-privileges': spec.security_opt?.includes('no-new-privileges:true') === true,
      read_only: spec.read_only === true || writesItsRoot.some((each) => image.startsWith(`${each}:`)),
      'limits of CPU, memory and processes': ['cpus', 'memory', 'pids'].every((each) => spec.deploy?.resources?.limits?.[each]),
      'a health check': isJob || (spec.healthcheck?.test?.length ?? 0) > 0,
      'a bounded log': spec.logging?.options?.['max-size'] !== undefined,
      restart: spec.restart !== undefined,
      networks: Object.keys(spec.networks ?? {}).length > 0,
      ...(isOurs && !isJob && { 'time to finish what is in hand': spec.stop_grace_period === '45s' }),
      ...(isOurs && { "no user but the image's": spec.user === undefined }),
    };
    return Object.entries(expected).flatMap(([what, isTrue]) => (isTrue ? [] : [`${where}: lacks ${what}`]));
  });
}

export function checkDependencies(workloads) {
  const of = (name) => workloads.find((workload) => workload.name === name)?.spec;
  return workloads.flatMap(({ where, spec }) =>
    Object.entries(spec.depends_on ?? {}).flatMap(([name, { condition }]) => {
      const isJob = of(name)?.restart?.startsWith('on-failure') === true;
      const problems = [];
      if (isJob !== (condition === 'service_completed_successfully')) problems.push(`${where}: waits for ${name} by ${condition}`);
      if (condition === 'service_healthy' && of(name)?.healthcheck?.disable) problems.push(`${where}: ${name} is never healthy`);
      return problems;
    }),
  );
}

/** Files of the repository that are mounted are there; what is published is so on this machine only, unless it is told otherwise. */
export function checkHost(project, workloads) {
  const problems = [];
  for (const { where, spec } of workloads) {
    for (const { type, source, read_only: isReadOnly } of spec.volumes ?? []) {
      if (type !== 'bind') continue;
      if (!existsSync(source)) problems.push(`${where}: ${relative('.', source)} is not there`);
      if (!isReadOnly) problems.push(`${where}: ${relative('.', source)} may be written`);
    }
    for (const { host_ip: address, published } of spec.ports ?? []) {
      if (address !== '127.0.0.1') problems.push(`${where}: ${published} is published on all addresses`);
      const isInside = Object.keys(spec.networks).every((name) => project.networks[name]?.internal);
      if (isInside) problems.push(`${where}: ${published} is published from internal networks, which nobody reaches`);
    }
  }
  for (const name of ['hub', 'stores', 'monitoring'])
    if (!project.networks[name]?.internal) problems.push(`the network ${name} is not internal`);
  return problems;
}
