import { fileURLToPath } from 'node:url';
import { preset } from '../../jest.preset.mjs';

const standalone = fileURLToPath(new URL('../standalone', import.meta.url));

/** The end-to-end suite of the embedded form, unchanged, over the distributed one; and what only the distributed one has. */
export default {
  testTimeout: 120_000,
  passWithNoTests: true,
  projects: [
    { ...preset(standalone), displayName: 'standalone, clustered' },
    { ...preset(import.meta.dirname), displayName: 'cluster' },
  ].map(({ testTimeout: _, passWithNoTests: __, ...project }) => project),
};
