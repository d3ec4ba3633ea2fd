import { createHash } from 'node:crypto';
import { commandJwsType, type CommandKey, type PlatformCommand } from '@tongbao/contracts';
import { isCommandKey, keyProblem, parseJsonBody, type PlatformKeys } from '@tongbao/service';
import { compactVerify, decodeProtectedHeader } from 'jose';
import type { HubKeys } from './hub-keys.js';

/** A command that a platform has signed, and has not been looked into any further than its head. */
export interface SignedCommand {
  /** Whose key signed it. */
  platformId: string;
  /** What the payload says of who commands. */
  claimedPlatformId: string;
  commandId: CommandKey;
  type: PlatformCommand['type'];
  issuedAt: Date;
  data: Readonly<Record<string, unknown>>;
}

/** Who sent it is not proved: not JOSE, not signed by a key that counts, or not readable by the hub. Nobody is told. */
export class UnverifiedCommand extends Error {
  override readonly name = 'UnverifiedCommand';
}

/** The platform is proved, and what it signed cannot be read as a command. */
export class UnreadableCommand extends Error {
  override readonly name = 'UnreadableCommand';

  constructor(
    message: string,
    readonly platformId: string,
    /** The same for the same bytes. */
    readonly digest: string,
    readonly commandId: string | undefined,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export const commandTypes = [
  'RequestPayment',
  'CapturePayment',
  'CancelPayment',
  'RefundPayment',
] as const satisfies readonly PlatformCommand['type'][];

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Opens what platforms put on the command topic: compact JWS by a key of theirs, or compact JWE to the hub around it. */
export class CommandEnvelopes {
  constructor(
    private readonly platformKeys: PlatformKeys,
    private readonly hubKeys: HubKeys,
  ) {}

  /** @throws UnverifiedCommand, UnreadableCommand, or Outage when keys cannot be looked up */
  async open(jose: string): Promise<SignedCommand> {
    const jws = jose.split('.').length === 5 ? await this.#decrypt(jose) : jose;
    const platformKey = await this.#keyOf(jws);
    const payload = await verifiedPayload(jws, platformKey.key);
    const command = readCommand(platformKey.platformId, payload);
    // A key's time is over for what is signed after it. What was signed before may lie in Kafka while the hub is down.
    const problem = keyProblem(platformKey, command.issuedAt);
    if (problem) throw new UnverifiedCommand(`the key that signed the command ${problem}`);
    return command;
  }

  async #decrypt(jwe: string): Promise<string> {
    try {
      return await this.hubKeys.decrypt(jwe);
    } catch (error) {
      throw new UnverifiedCommand('the command cannot be decrypted', { cause: error });
    }
  }

  async #keyOf(jws: string) {
    const platformKey = await this.platformKeys.find(keyIdIn(jws));
    if (!platformKey) throw new UnverifiedCommand('the kid of the command names no key that is registered; it is <platform id>/<kid>');
    if (platformKey.isRevoked) throw new UnverifiedCommand('the key that signed the command is revoked');
    return platformKey;
  }
}

function keyIdIn(jws: string): string {
  let header;
  try {
    header = decodeProtectedHeader(jws);
  } catch (error) {
    throw new UnverifiedCommand('the command is no compact JWS', { cause: error });
  }
  if (header.typ !== commandJwsType) throw new UnverifiedCommand(`the typ of a command is ${commandJwsType}`);
  return header.kid ?? '';
}

async function verifiedPayload(jws: string, key: Parameters<typeof compactVerify>[1]): Promise<Uint8Array> {
  try {
    return (await compactVerify(jws, key, { algorithms: ['Ed25519'] })).payload;
  } catch (error) {
    throw new UnverifiedCommand('the signature of the command does not hold', { cause: error });
  }
}

function readCommand(platformId: string, payload: Uint8Array): SignedCommand {
  const digest = createHash('sha256').update(payload).digest('base64url');
  let parsed: unknown;
  try {
    parsed = parseJsonBody(payload);
  } catch (error) {
    throw new UnreadableCommand('The command is no JSON, or not exactly what it seems.', platformId, digest, undefined, { cause: error });
  }
  const { commandId, type, issuedAt, platformId: claimedPlatformId, data } = isObject(parsed) ? parsed : {};
  const unreadable = (what: string) => new UnreadableCommand(what, platformId, digest, isCommandKey(commandId) ? commandId : undefined);
  if (!isCommandKey(commandId)) throw unreadable('commandId is up to 255 printable ASCII characters.');
  const known = commandTypes.find((each) => each === type);
  if (!known) throw unreadable(`type is one of ${commandTypes.join(', ')}.`);
  if (typeof claimedPlatformId !== 'string') throw unreadable('platformId names the platform that commands.');
  const issued = typeof issuedAt === 'string' && timestampPattern.test(issuedAt) ? new Date(issuedAt) : undefined;
  if (!issued || Number.isNaN(issued.getTime())) throw unreadable('issuedAt is an ISO 8601 time with its time zone.');
  if (!isObject(data)) throw unreadable('data is a JSON object.');
  return { platformId, claimedPlatformId, commandId, type: known, issuedAt: issued, data };
}

const timestampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/;
