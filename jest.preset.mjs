import { readFileSync } from 'node:fs';

const { $schema: _schema, ...swc } = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));

/**
 * Suites that take long: outages, takeovers, whole clusters that are killed, days of bills, large files. `npm test` runs them; with TONGBAO_TESTS=quick
 * they are left out, as in what every change must pass, which has to end within 20 minutes on two cores.
 */
const slow = [
  'libs/bus/test/kafka-(outages|topics|members)\\.',
  'libs/bus/test/kafka-relay\\.crash\\.',
  'libs/bank-files/test/large-statement\\.',
  'libs/ledger/src/((journal|log)\\.crash|log\\.service)\\.',
  'libs/local-services/test/(kafka-accounts|parent)\\.',
  'libs/provider-bills/test/million\\.',
  'libs/read-model/test/data-folder\\.',
  'libs/reconciliation/test/(days|million)\\.',
  'libs/settlement/src/(bank-moods|exchange\\.crash|file-bank\\.(int|crash)|payout\\.proof|settlement\\.(crash|many))\\.',
  'apps/cli/test/cluster-ops\\.',
  'apps/standalone/test/real-week\\.',
  'apps/cluster-e2e/test/(crash-matrix|outages|replicas)\\.',
  'apps/standalone/test/((settlement|bank-file|reconciliation)-kills|windows-under-load)\\.',
];

/** Of the embedded form's suite over a cluster, the first ones; each starts a cluster of its own. */
const slowOverCluster = ['apps/standalone/test/(?!examples|settlement)'];

const isQuick = process.env.TONGBAO_TESTS === 'quick';
const isCluster = process.env.TONGBAO_FORM === 'cluster';

/** Jest runs the TypeScript sources of every library directly (`@tongbao/source`), so no build is needed before a unit test. */
export const preset = (rootDir) => ({
  rootDir,
  displayName: rootDir.split('/').at(-1),
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@tongbao/source', 'node', 'node-addons'] },
  testMatch: ['<rootDir>/{src,test}/**/*.spec.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...(isQuick ? slow : []), ...(isQuick && isCluster ? slowOverCluster : [])],
  testTimeout: 120_000,
  passWithNoTests: true,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
});
