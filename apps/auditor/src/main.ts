import { parseArgs } from 'node:util';
import { audit } from './audit.js';

/*
 * node apps/auditor/dist/main.js --event-store esdb://… [--kafka host:port,…] [--json]
 * Exit code 0 when everything holds, 1 when something does not, 2 when it could not be read.
 */
const { values } = parseArgs({
  options: { 'event-store': { type: 'string' }, kafka: { type: 'string' }, json: { type: 'boolean', default: false } },
});
const shown = 50;

try {
  const url = values['event-store'];
  if (url === undefined) throw new Error('--event-store is missing');
  const report = await audit(url, values.kafka?.split(',') ?? []);
  if (values.json) console.log(JSON.stringify(report));
  else {
    for (const [what, count] of Object.entries(report.figures)) console.log(`${what.padEnd(12)} ${count}`);
    for (const problem of report.problems.slice(0, shown)) console.log(`WRONG  ${problem}`);
    console.log(report.ok ? 'everything holds' : `${report.problems.length} things do not hold`);
  }
  process.exitCode = report.ok ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 2;
}
