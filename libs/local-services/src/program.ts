import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A program ended badly, or could not be run. The message has the end of what it printed, and never its arguments: they may be secret. */
export class ProgramFailed extends Error {
  override readonly name = 'ProgramFailed';
  constructor(
    readonly what: string,
    readonly output: string,
  ) {
    super(`${what} failed:\n${output.trimEnd().split('\n').slice(-20).join('\n')}`);
  }
}

/**
 * Runs a program to its end.
 * @param what names it in an error
 * @throws ProgramFailed
 */
export async function runProgram(
  what: string,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<void> {
  try {
    await run(command, args, { env, maxBuffer: 1 << 26 });
  } catch (error) {
    throw new ProgramFailed(what, outputOf(error));
  }
}

/** Whether a program can be run, and ends well. */
export const succeeds = (command: string, args: readonly string[]): Promise<boolean> =>
  run(command, args).then(
    () => true,
    () => false,
  );

/** What a program has printed before it failed; when that is nothing, its exit code, the signal that ended it, or why it could not be run (ENOENT). */
function outputOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error);
  const printed = 'stdout' in error && 'stderr' in error ? `${String(error.stdout)}${String(error.stderr)}` : '';
  if (printed !== '') return printed;
  const signal = 'signal' in error && error.signal;
  return `it ended with ${String(signal || ('code' in error && error.code))}`;
}
