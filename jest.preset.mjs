import { readFileSync } from 'node:fs';

const { $schema: _schema, ...swc } = JSON.parse(readFileSync(new URL('./.swcrc', import.meta.url), 'utf8'));

/** Jest runs the TypeScript sources of every library directly (`@tongbao/source`), so no build is needed before a unit test. */
export const preset = (rootDir) => ({
  rootDir,
  displayName: rootDir.split('/').at(-1),
  testEnvironment: 'node',
  testEnvironmentOptions: { customExportConditions: ['@tongbao/source', 'node', 'node-addons'] },
  testMatch: ['<rootDir>/{src,test}/**/*.spec.ts'],
  testTimeout: 120_000,
  passWithNoTests: true,
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false }] },
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
});
