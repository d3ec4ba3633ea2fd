import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const schemaOf = (message: string): string => fileURLToPath(new URL(`../../bank-files/test/xsd/${message}.xsd`, import.meta.url));

/** What libxml2 says of files against the schema that ISO 20022 publishes: nothing when all are valid. Needs `ensureTools(['xmllint'])`. */
export async function invalid(message: string, files: readonly string[]): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'settlement-files-'));
  try {
    const names = files.map((xml, index) => {
      const name = join(folder, `${index}.xml`);
      writeFileSync(name, xml);
      return name;
    });
    await run('xmllint', ['--noout', '--nonet', '--schema', schemaOf(message), ...names]);
    return '';
  } catch (error) {
    // Not `instanceof Error`: it comes from outside of the test's realm.
    if (typeof error === 'object' && error !== null && 'stderr' in error && 'code' in error && typeof error.code === 'number')
      return String(error.stderr);
    throw error;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
