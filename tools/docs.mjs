// Generates the documents that the code knows best: docs/configuration.md and docs/api/openapi.json. With --check it only says whether they are true.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { settings } from '../libs/service/dist/index.js';

const isCheck = process.argv.includes('--check');

const variable = ({ env, kind, default: fallback, description, example }) =>
  `| \`${env}\`${kind === 'secret' ? ` or \`${env}_FILE\`` : ''} | ${fallback === '' ? '(empty)' : `\`${fallback}\``} | ${description} | \`${example}\` |`;

const configuration = `# Configuration

Environment variables, checked at start: a wrong one stops the start and names the variable, what is wrong with it, and an example. Secrets can be
given by value or, with \`_FILE\` behind the name, by the path of a file. This page is generated from the code (\`npm run docs\`).

| variable | default | meaning | example |
| --- | --- | --- | --- |
${settings.map(variable).join('\n')}
`;

async function openApi() {
  const dataDir = mkdtempSync(join(tmpdir(), 'tongbao-docs-'));
  const env = { ...process.env, TONGBAO_DATA: dataDir, TONGBAO_PORT: '0', EVENT_STORE_PORT: '0', LOG_LEVEL: 'error' };
  const hub = fork(new URL('../apps/standalone/dist/main.js', import.meta.url), { env, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const exited = once(hub, 'exit');
  try {
    const [{ url }] = await once(hub, 'message');
    return await (await fetch(`${url}/openapi.json`)).json();
  } finally {
    hub.kill('SIGTERM');
    await exited;
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** References that lead to nothing. */
function brokenReferences(document) {
  const references = [];
  JSON.stringify(document, (key, value) => {
    if (key === '$ref') references.push(value);
    return value;
  });
  const leads = (reference) =>
    reference
      .split('/')
      .slice(1)
      .reduce((at, name) => at?.[name], document) !== undefined;
  return references.filter((reference) => !leads(reference));
}

const description = await openApi();
const broken = brokenReferences(description);
for (const reference of broken) console.error(`docs/api/openapi.json: ${reference} leads to nothing`);
if (broken.length > 0) process.exit(1);

const options = await resolveConfig('package.json');
const documents = {
  'docs/configuration.md': configuration,
  'docs/api/openapi.json': await format(JSON.stringify(description), { ...options, parser: 'json' }),
};
let stale = 0;
for (const [path, text] of Object.entries(documents)) {
  if (isCheck) {
    const isTrue = readFileSync(path, 'utf8') === text;
    if (!isTrue) stale += 1;
    console.log(`${path}: ${isTrue ? 'true' : 'no longer true: npm run docs'}`);
  } else {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    console.log(`${path}: written`);
  }
}
process.exit(stale === 0 ? 0 : 1);
