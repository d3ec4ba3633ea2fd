import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { xsdPath } from './xsd-grammar.js';

const run = promisify(execFile);

/** What libxml2 says of files against the schema that ISO 20022 publishes: nothing when all are valid. Needs `ensureTools(['xmllint'])`. */
export async function invalid(message: string, files: readonly string[]): Promise<string> {
  const { said, areValid } = await lint(message, files);
  return areValid.every(Boolean) ? '' : said;
}

/** The same, for each file. */
export const validity = async (message: string, files: readonly string[]): Promise<boolean[]> => (await lint(message, files)).areValid;

async function lint(message: string, files: readonly string[]): Promise<{ said: string; areValid: boolean[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'bank-files-'));
  try {
    const names = files.map((xml, index) => {
      const name = join(folder, `${index}.xml`);
      writeFileSync(name, xml);
      return name;
    });
    const said = await outputOf(['--noout', '--nonet', '--schema', xsdPath(message), ...names]);
    return { said, areValid: names.map((name) => said.includes(`${name} validates\n`)) };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** xmllint ends with a code of its own when a file is not valid. */
async function outputOf(args: readonly string[]): Promise<string> {
  try {
    return (await run('xmllint', args, { maxBuffer: 256 * 1024 * 1024 })).stderr;
  } catch (error) {
    // Not `instanceof Error`: it comes from outside of the test's realm.
    if (typeof error === 'object' && error !== null && 'stderr' in error && 'code' in error && typeof error.code === 'number')
      return String(error.stderr);
    throw error;
  }
}
