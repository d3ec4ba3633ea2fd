import type { Command } from 'commander';
import type { Runner } from './command-context.js';
import { wholeNumber } from './events.command.js';
import { collected, type GivenKeys } from './log/log-keys.js';
import type { AuditOptions } from './log/audit.js';
import type { MakeKeysOptions } from './log/make-keys.js';
import type { WitnessCommandOptions } from './log/witness.js';

const witnessHelp = `
Remembers the last checkpoint of each log that it has cosigned, in its own folder, and cosigns another only when it is shown to continue that one. At the
first start it makes its key (--key, by default witness.key in its folder, readable by its owner only) and prints the verifier key, which logs and all who
check receipts need. Run it elsewhere than the hub, by somebody else; it speaks plain HTTP, TLS goes before it.
  tongbao log witness --data ./witness --port 8090 --log hub.example/log=hub.example/log+…`;

const keysHelp = `
  tongbao log keys --origin hub.example/log                 LOG_SIGNING_KEY and LOG_COMMITMENT_KEY of the hub, and the verifier key
  tongbao log keys --witness witness.example/w1             the key of a witness
  tongbao log keys --origin hub.example/log --out ./keys    the secrets in files, readable by their owner only`;

const verifyHelp = `
Asks nobody where the keys are given: a receipt has all that it proves. Without --log, the keys are those that the hub at --url says are its own, which shows
that the receipt is the hub's, and not that the hub has told everybody the same.
  tongbao log verify receipt.txt --log hub.example/log+… --witness w1.example+… --witness w2.example+… --quorum 1
Ends with 0 when the receipt is valid, 1 when it is not (the check that fails is named), 2 when the file or a key is not one, 3 when the hub cannot be asked.`;

const auditHelp = `
Reads the journal and the signed checkpoints from the event store; makes every leaf, the tree, every checkpoint's root and every balance anew; and
compares them with what is served: the checkpoint, every tile and every leaf below <url>/log, and the rows of accounts and entries, over HTTP or, with
--database, by SQL (much faster: over HTTP each entry is a request). Changes nothing. The hub may go on meanwhile.
Needs the log's commitment key: LOG_COMMITMENT_KEY, LOG_COMMITMENT_KEY_FILE, or secrets.json in the data folder of an embedded hub.
  tongbao log audit --data ./data --log hub.example/log+… --known checkpoint.txt --keep checkpoint.txt
Ends with 0 when nothing differs, 1 when something does (all of it is told), 2 for wrong usage, 3 when something does not answer.`;

/** The transparency log of the books: witness, keys, receipts, audit. */
export function addLogCommands(program: Command, runs: Runner): void {
  const log = program.command('log').description('the transparency log of the books: check a receipt, audit everything, be a witness');
  log
    .command('verify <receipt>')
    .description('check a receipt (a file, or - for the input), and say what it proves')
    .option('--log <verifierKey>', 'of the log; several times where its key was changed', collected)
    .option('--witness <verifierKey>', 'of a witness; several times', collected)
    .option('--quorum <count>', 'how many of the witnesses must have cosigned; default: all', wholeNumber)
    .addHelpText('after', verifyHelp)
    .action(
      runs(async (context, file: string, keys: GivenKeys) =>
        (await import('./log/verify-receipt.js')).verifyReceiptFile(context, file, keys),
      ),
    );
  log
    .command('audit')
    .description('make leaves, roots and balances anew from the event store, and say exactly what differs from what is signed and served')
    .option('--log <verifierKey>', 'of the log; several times where its key was changed; default: what the hub says', collected)
    .option(
      '--witness <key>',
      'of a witness: its verifier key, or <key>=<address>, to be asked what it remembers; default: what the hub says',
      collected,
    )
    .option('--quorum <count>', 'how many of the witnesses must have cosigned; default: all that are named', wholeNumber)
    .option('--database <url>', 'compare the rows of the read models by SQL, in this PostgreSQL')
    .option('--store-only', 'only what is in the event store; ask no hub', false)
    .option(
      '--known <file>',
      'a checkpoint of the log from before, which must be continued; it may be missing at the first time with --keep',
    )
    .option('--keep <file>', 'when nothing differs, keep the newest checkpoint there for the next time')
    .addHelpText('after', auditHelp)
    .action(runs(async (context, options: AuditOptions) => (await import('./log/audit.js')).auditHub(context, options)));
  log
    .command('witness')
    .description("cosign other people's logs, as C2SP tlog-witness says; stays until Ctrl-C")
    .requiredOption('--log <origin=verifierKey>', 'whom to witness; several times', collected)
    .option('--port <port>', '0 = any free one', wholeNumber, 8_090)
    .option('--host <address>', 'to listen on', '127.0.0.1')
    .option('--name <name>', 'of its key, when it is made; default: <name of the machine>/witness')
    .option('--key <file>', 'its signer key; default: witness.key in its folder')
    .addHelpText('after', witnessHelp)
    .action(runs(async (context, options: WitnessCommandOptions) => (await import('./log/witness.js')).runWitness(context, options)));
  log
    .command('keys')
    .description('make the keys of a log, or of a witness, and print them as the settings take them')
    .option('--origin <name>', 'of the log, such as hub.example/log')
    .option('--witness <name>', 'of a witness, such as witness.example/w1')
    .option('--out <folder>', 'write the secrets there, readable by their owner only, instead of printing them')
    .addHelpText('after', keysHelp)
    .action(runs(async (context, options: MakeKeysOptions) => (await import('./log/make-keys.js')).makeKeys(context, options)));
}
