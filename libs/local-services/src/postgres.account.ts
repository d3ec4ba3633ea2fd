import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** Who runs PostgreSQL; undefined: this process's own user. */
export type Account = { readonly uid: number; readonly gid: number } | undefined;

/** PostgreSQL refuses to run as root. Then it runs as the owner of its files, at first as `nobody`: it must be a user that the system knows. */
export function postgresAccount(dataPath: string): Account {
  if (process.getuid?.() !== 0) return undefined;
  if (existsSync(dataPath)) {
    const { uid, gid } = statSync(dataPath);
    if (uid !== 0) return { uid, gid };
  }
  // passwd(5): name:password:uid:gid:…
  const nobody = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'))
    .find(([name]) => name === 'nobody');
  return { uid: Number(nobody?.[2] ?? 65_534), gid: Number(nobody?.[3] ?? 65_534) };
}

/**
 * The command that runs a program under the account. The account has to reach its files and the programs; below a folder that is closed to it (a
 * checkout in root's home, a temporary folder) it gets the one capability that opens folders for reading, and none otherwise.
 */
export function asAccount(account: Account, [program, ...files]: readonly [string, ...string[]]): [string, ...string[]] {
  if (!account) return [program];
  const open = [program, ...files].every((path) => isOpenTo(account.uid, dirname(path)));
  const extra = open ? [] : ['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'];
  return ['setpriv', `--reuid=${account.uid}`, `--regid=${account.gid}`, '--clear-groups', ...extra, '--', program];
}

function isOpenTo(uid: number, folder: string): boolean {
  const { mode, uid: owner } = statSync(folder);
  const open = (mode & 0o001) !== 0 || (owner === uid && (mode & 0o100) !== 0);
  return open && (folder === dirname(folder) || isOpenTo(uid, dirname(folder)));
}
