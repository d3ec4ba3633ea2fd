// Builds what the end-to-end suites start, runs every project's tests, and ends with one line: `N passed, N failed`.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync, rmSync } from 'node:fs';
import { relative } from 'node:path';
import { stripVTControlCharacters } from 'node:util';

const run = (...args) => spawnSync('npx', ['nx', 'run-many', ...args], { stdio: 'inherit' }).status ?? 1;

for (const file of globSync('{apps,libs}/*/test-results.json')) rmSync(file);
const built = run('-t', 'build');
// Libraries two at a time: they wait a lot, for brokers and databases. The end-to-end suites start whole hubs, on machines that may have two cores.
const options = ['-t', 'test', '--nxBail=false', '--outputStyle=stream'];
const stages = [
  ['--projects=libs/*', '--parallel=2'],
  ['--projects=apps/*', '--parallel=1'],
];
const tested = built === 0 ? Math.max(...stages.map((stage) => run(...options, ...stage))) : 1;

const fileOf = (suite) => relative('.', suite.name);
const beginningOf = (text) => stripVTControlCharacters(text).slice(0, 2000);

const results = globSync('{apps,libs}/*/test-results.json').map((file) => JSON.parse(readFileSync(file, 'utf8')));
const sum = (count) => results.reduce((total, result) => total + count(result), 0);
const passed = sum((result) => result.numPassedTests);
// A suite that cannot even be loaded counts as a failure, and so does a run that ended badly without saying why.
const failed = sum((result) => result.numFailedTests + result.numRuntimeErrorTestSuites);
// What failed stands in one place: the output of thirty suites is long, and its end is what a reader of a CI run sees first.
for (const suite of results.flatMap((result) => result.testResults)) {
  const failures = suite.assertionResults.filter((assertion) => assertion.status === 'failed');
  for (const { fullName, failureMessages } of failures)
    console.log(`FAILED ${fileOf(suite)}: ${fullName}\n${beginningOf(failureMessages.join('\n'))}`);
  if (suite.status === 'failed' && failures.length === 0) console.log(`FAILED ${fileOf(suite)}\n${beginningOf(suite.message)}`);
}
console.log(`${passed} passed, ${failed === 0 && (built !== 0 || tested !== 0) ? 1 : failed} failed`);
process.exit(built === 0 && tested === 0 && failed === 0 && passed > 0 ? 0 : 1);
