// Validates what the hub is deployed with (Dockerfile, docker-compose.yml, k8s/, deploy/) without a container engine and without a cluster: by the programs
// that read such files, and against the code: settings, addresses, paths, ports, versions. Ends with a list of what was validated.
import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import { loadConfig, serviceNames, servicePaths, settings, sharedPaths } from '../libs/service/dist/index.js';
import { checkAddresses } from './deploy/addresses.check.mjs';
import { checkContainers, checkDependencies, checkHost } from './deploy/compose.check.mjs';
import { composeReaches, composeWorkloads } from './deploy/compose.workloads.mjs';
import { checkDockerfile, checkImages, imagesOfDockerfile } from './deploy/images.check.mjs';
import {
  checkAvailability,
  checkIngress,
  checkPods,
  checkReferences,
  checkTraffic,
  kubernetesReaches,
} from './deploy/kubernetes.check.mjs';
import { kubernetesWorkloads } from './deploy/kubernetes.workloads.mjs';
import { productionSamples, unnamed } from './deploy/production-samples.mjs';
import { appOf, checkSettings } from './deploy/settings.check.mjs';
import { prepareTools } from './deploy/tools.mjs';

const run = promisify(execFile);
const code = { settings, loadConfig, serviceNames };
const lines = [];
let failed = 0;

/** @param work gives what is wrong; what it throws is wrong, too */
async function check(subject, what, work) {
  const problems = await Promise.resolve()
    .then(work)
    .catch((error) => [[error.stdout, error.stderr, error.stdout === undefined && String(error)].filter(Boolean).join('\n').trim()]);
  if (problems.length > 0) failed += 1;
  lines.push(`${problems.length > 0 ? 'FAILED' : 'ok    '}  ${subject.padEnd(26)} ${what}`);
  lines.push(...problems.flatMap((problem) => problem.split('\n').map((line) => `          ${line}`)));
}

const began = performance.now();
const tools = await prepareTools((line) => console.error(line));
const work = mkdtempSync(join(tmpdir(), 'tongbao-deploy-'));
try {
  await validate();
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(lines.join('\n'));
console.log(
  `${failed === 0 ? 'valid' : `${failed} failed`}, after ${((performance.now() - began) / 1_000).toFixed(0)} s. Nothing was run: no container engine, no cluster.`,
);
process.exit(failed === 0 ? 0 : 1);

async function validate() {
  const secrets = await makeSecrets();
  const compose = await validateCompose(secrets);
  const development = await validateOverlay('development', {});
  const production = await validateOverlay('production', productionSamples(development.objects, serviceNames));
  await check('k8s/overlays/production', 'two of each process, disruption budgets, spread over nodes', () =>
    checkAvailability(production.objects, production.workloads),
  );
  await check('k8s/overlays/production', "the ingress lets in the services' paths and nothing else", () =>
    checkIngress(production.objects, production.workloads, { servicePaths, sharedPaths }),
  );
  await check('docs/deployment.md', 'names every Secret and ConfigMap that production takes from outside', () =>
    unnamed(readFileSync('docs/deployment.md', 'utf8'), production).map((name) => `it does not name ${name}`),
  );
  await validateImages([...compose, ...development.workloads, ...production.workloads]);
  await validatePrometheus();
}

/** Into a copy of the checkout, so that the secrets of whoever works in it are neither read nor touched. */
async function makeSecrets() {
  const copied = (source) => basename(source) !== 'secrets';
  for (const folder of ['k8s', 'deploy']) cpSync(folder, join(work, folder), { recursive: true, filter: copied });
  const folder = join(work, 'k8s/overlays/development/secrets');
  await check('deploy/secrets.sh', 'makes the secrets, and keeps them when it is run again', async () => {
    await run('sh', ['deploy/secrets.sh', folder]);
    const { stdout: before } = await run('sh', ['-c', 'cd "$0" && cat *', folder]);
    await run('sh', ['deploy/secrets.sh', folder]);
    const { stdout: after } = await run('sh', ['-c', 'cd "$0" && cat *', folder]);
    return before === after ? [] : ['a secret has changed'];
  });
  return folder;
}

async function validateCompose(secrets) {
  const subject = 'docker-compose.yml';
  let project;
  await check(subject, "Docker Compose's own loader (compose-go): schema, references, interpolation", async () => {
    project = JSON.parse((await run(tools.composeCheck, [subject], { maxBuffer: 1 << 26 })).stdout);
    return [];
  });
  if (!project) return [];
  const workloads = composeWorkloads(project, secrets);
  const processes = workloads.filter((workload) => appOf(workload) !== undefined);
  await check(subject, `settings of ${processes.length} processes: known, complete, accepted by the code`, () =>
    checkSettings(processes, code),
  );
  await check(subject, 'every address is one that listens, on a network in common', () =>
    checkAddresses(processes, composeReaches(workloads)),
  );
  await check(subject, 'health checks, limits, no privileges, read-only', () => [
    ...workloads.flatMap(({ where, problems }) => problems.map((problem) => `${where}: ${problem}`)),
    ...checkContainers(workloads),
  ]);
  await check(subject, 'waits for what it needs; mounted files; published ports', () => [
    ...checkDependencies(workloads),
    ...checkHost(project, workloads),
  ]);
  return workloads;
}

async function validateOverlay(overlay, samples) {
  const subject = `k8s/overlays/${overlay}`;
  const built = join(work, `${overlay}.yaml`);
  let objects = [];
  await check(subject, 'kustomize builds it', async () => {
    const { stdout } = await run(tools.kustomize, ['build', join(work, subject)], { maxBuffer: 1 << 26 });
    writeFileSync(built, stdout);
    objects = parseAllDocuments(stdout).map((document) => document.toJS());
    return [];
  });
  if (objects.length === 0) return { objects, workloads: [], samples };
  await check(subject, `${objects.length} objects fit the schemas of Kubernetes 1.37 (kubernetes-validate --strict)`, async () => {
    await run(tools.kubernetesValidate, ['--strict', '--kubernetes-version', '1.37', '--quiet', built]);
    return [];
  });
  const workloads = kubernetesWorkloads(overlay, objects, samples);
  const processes = workloads.filter((workload) => appOf(workload) !== undefined);
  await check(subject, `settings of ${processes.length} processes: known, complete, accepted by the code`, () =>
    checkSettings(processes, code),
  );
  await check(subject, 'every address is one that listens, and network policies let it through', () =>
    checkAddresses(processes, kubernetesReaches(objects, workloads)),
  );
  await check(subject, 'probes, limits, no privileges', () => checkPods(workloads));
  await check(subject, 'names and labels that objects call each other by', () => checkReferences(objects, workloads, samples));
  await check(subject, 'network policies: Prometheus and the ingress in, strangers out', () => checkTraffic(objects, workloads));
  return { objects, workloads, samples };
}

async function validateImages(workloads) {
  const dockerfile = readFileSync('Dockerfile', 'utf8');
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
  await check('Dockerfile', 'hadolint', async () => {
    await run(tools.hadolint, ['--no-color', 'Dockerfile']);
    return [];
  });
  await check('Dockerfile', 'user, health check, labels, variables', () => checkDockerfile(dockerfile, settings));
  await check('all of them', 'images: one exact version each, the same everywhere', () =>
    checkImages([...imagesOfDockerfile(dockerfile), ...workloads.map(({ where, image }) => [where, image])], version),
  );
}

async function validatePrometheus() {
  await check('deploy/prometheus', 'promtool: configuration and alert rules', async () => {
    await run(tools.promtool, ['check', 'config', 'deploy/prometheus/prometheus.yml']);
    return [];
  });
  await check('deploy/prometheus', "promtool: the alert rules' own tests", async () => {
    await run(tools.promtool, ['test', 'rules', 'deploy/prometheus/alerts.test.yml']);
    return [];
  });
}
