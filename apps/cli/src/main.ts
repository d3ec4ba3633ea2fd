import { runCli } from './cli.js';
import { processIo } from './io.js';

// The reader of a pipe may leave early (`tongbao events follow | head`): then there is nobody left to write for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), processIo);
