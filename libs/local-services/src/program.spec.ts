import { ProgramFailed, runProgram } from './program.js';

const failure = async (command: string, ...args: readonly string[]): Promise<ProgramFailed> => {
  const error = await runProgram('the work', command, args).catch((thrown: unknown) => thrown);
  if (error instanceof ProgramFailed) return error;
  throw new Error('it did not fail');
};

it('tells the end of what a program has printed', async () => {
  const { message } = await failure('sh', '-c', 'seq 100; echo here >&2; exit 1');
  expect(message).toMatch(/^the work failed:\n82\n[^]*\n100\nhere$/);
});

it.each([
  ['an exit code', 'sh', 'exit 3 # secret', 'it ended with 3'],
  ['a signal', 'sh', 'kill -9 $$ # secret', 'it ended with SIGKILL'],
  ['a program that is not there', '/no/such/program', 'secret', 'it ended with ENOENT'],
])('tells of %s without the arguments, which may be secret', async (_, command, script, told) => {
  expect((await failure(command, '-c', script)).message).toBe(`the work failed:\n${told}`);
});
