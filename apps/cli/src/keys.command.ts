import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { generateKey, publicKeyOf, RequestSigner, type PrivateKeyJwk } from '@tongbao/client';
import type { Command } from 'commander';
import type { CommandContext, Runner } from './command-context.js';
import { requireYes } from './confirmation.js';
import { exitCodes, UsageError, type ExitCode } from './exit-codes.js';
import type { RequestOptions } from './hub-client.js';
import { toJson } from './io.js';
import { textTable } from './text-table.js';

interface RegisteredKey {
  platformId: string;
  kid: string;
  keyId: string;
  state: string;
  validFrom?: string;
  expiresAt?: string;
}

interface Times {
  validFrom?: string;
  expiresAt?: string;
}

export function addKeysCommands(program: Command, runs: Runner): void {
  const keys = program.command('keys').description("platforms' keys: what their signatures are verified by");
  keys
    .command('generate')
    .description('a new Ed25519 key pair; the private part goes to a file, or to the output')
    .option('--out <file>', 'write the private JWK there, readable by its owner only')
    .action(runs(generate));
  keys
    .command('register <platformId>')
    .description('let signatures by this key count')
    .requiredOption('--key <file>', 'JWK; only its public part is sent')
    .option('--valid-from <time>', 'not before; ISO 8601')
    .option('--expires-at <time>', 'not from then on')
    .action(runs(register));
  keys.command('list <platformId>').description('all keys that were ever registered').action(runs(list));
  keys.command('revoke <platformId> <kid>').description('at once, and for good').option('--yes', 'do it', false).action(runs(revoke));
}

export function addCallCommand(program: Command, runs: Runner): void {
  program
    .command('call <method> <path> [body]')
    .description('a request of a platform to the HTTP API, signed; prints the answer')
    .requiredOption('--as <platformId>', 'the platform that asks')
    .requiredOption('--key <file>', 'its private JWK')
    .option('--idempotency-key <key>', 'for a command; a random one when not given')
    .option('--wait <seconds>', 'wait so long for the outcome')
    .action(runs(call));
}

const pathOf = (platformId: string, kid?: string): string =>
  `/v1/platforms/${encodeURIComponent(platformId)}/keys${kid === undefined ? '' : `/${encodeURIComponent(kid)}`}`;

function generate(context: CommandContext, { out }: { out?: string }): Promise<ExitCode> {
  const key = generateKey();
  if (out === undefined) context.show(key, () => toJson(key));
  else {
    if (existsSync(out)) throw new UsageError(`${out} exists: a key is never written over another.`);
    writeFileSync(out, `${toJson(key)}\n`, { mode: 0o600, flag: 'wx' });
    const publicKey = publicKeyOf(key);
    context.show(publicKey, () => `The private key is in ${out}. To be registered:\n${toJson(publicKey)}`);
  }
  return Promise.resolve(exitCodes.ok);
}

async function register(context: CommandContext, platformId: string, options: Times & { key: string }): Promise<ExitCode> {
  const { key, validFrom, expiresAt } = options;
  const body = { jwk: publicKeyOf(keyIn(key)), ...(validFrom && { validFrom }), ...(expiresAt && { expiresAt }) };
  const registered = await context.hub('ops').post<RegisteredKey>(pathOf(platformId), { body });
  context.show(registered, () => `${registered.keyId} is ${registered.state}.`);
  return exitCodes.ok;
}

async function list(context: CommandContext, platformId: string): Promise<ExitCode> {
  const { items } = await context.hub('ops').get<{ items: RegisteredKey[] }>(pathOf(platformId));
  const columns = [{ title: 'key' }, { title: 'state' }, { title: 'from' }, { title: 'until' }];
  context.show(items, () =>
    textTable(
      columns,
      items.map(({ keyId, state, validFrom, expiresAt }) => [keyId, state, validFrom, expiresAt]),
    ),
  );
  return exitCodes.ok;
}

async function revoke(context: CommandContext, platformId: string, kid: string, { yes }: { yes: boolean }): Promise<ExitCode> {
  requireYes(yes, `revoke the key ${kid} of ${platformId}: signatures by it count no more, and it never comes back`);
  const revoked = await context.hub('ops').delete<RegisteredKey>(pathOf(platformId, kid));
  context.show(revoked, () => `${revoked.keyId} is revoked.`);
  return exitCodes.ok;
}

interface CallOptions {
  as: string;
  key: string;
  idempotencyKey?: string;
  wait?: string;
}

async function call(
  context: CommandContext,
  method: string,
  path: string,
  body: string | undefined,
  options: CallOptions,
): Promise<ExitCode> {
  const hub = context.hub();
  const request: RequestOptions = {
    signer: new RequestSigner(options.as, keyIn(options.key)),
    ...(body !== undefined && { body: objectIn(body) }),
    ...(options.idempotencyKey !== undefined && { key: options.idempotencyKey }),
    ...(options.wait !== undefined && { waitSeconds: Number(options.wait) }),
  };
  const answer = await answerOf(hub, method.toUpperCase(), path, request);
  context.show(answer, () => toJson(answer));
  return exitCodes.ok;
}

function answerOf(hub: ReturnType<CommandContext['hub']>, method: string, path: string, request: RequestOptions): Promise<unknown> {
  switch (method) {
    case 'GET':
      return hub.get(path, {}, request);
    case 'POST':
      return hub.post(path, request);
    case 'DELETE':
      return hub.delete(path, request);
    default:
      throw new UsageError(`A platform asks by GET, POST or DELETE, not by ${method}.`);
  }
}

function objectIn(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new UsageError('The body must be a JSON object.');
}

function keyIn(file: string): PrivateKeyJwk {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read.`, { cause: error });
  }
  const key = objectIn(text);
  // Whatever else it is, the client says so.
  if ('d' in key) return key as PrivateKeyJwk;
  throw new UsageError(`${file} holds no private JWK: npx tongbao keys generate makes one.`);
}
