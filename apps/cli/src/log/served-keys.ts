import { CommandFailed } from '../exit-codes.js';
import { logIdentity, witnessesOf, type GivenKeys, type TrustedKeys } from './log-keys.js';
import { ServedLog } from './served-log.js';

interface KeysDocument {
  verifierKey: string;
  witnesses: { verifierKey: string; url?: string }[];
  quorum: number;
}

/**
 * The keys that a hub says are its log's and those of its log's witnesses: `<url>/log/keys`.
 * @param given what it says of witnesses counts only where nothing is said here
 * @throws HubUnreachable; CommandFailed where it serves no log; UsageError for keys that are none
 */
export async function servedKeys(url: string, given: GivenKeys): Promise<TrustedKeys> {
  const text = await new ServedLog(url).keys();
  if (text === undefined) throw new CommandFailed(`${url} serves no transparency log: name its key with --log.`);
  const { verifierKey, witnesses, quorum } = parsed(text, url);
  const named = witnesses.map((each) => (each.url === undefined ? each.verifierKey : `${each.verifierKey}=${each.url}`));
  const policy = { witness: given.witness ?? named, quorum: given.quorum ?? (given.witness ? undefined : quorum) };
  return { logs: [logIdentity(verifierKey)], ...witnessesOf(policy) };
}

function parsed(text: string, url: string): KeysDocument {
  try {
    const document: unknown = JSON.parse(text);
    if (isKeysDocument(document)) return document;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new CommandFailed(`${url}/log/keys does not say what the keys of a log are: name them with --log and --witness.`);
}

const isKeysDocument = (value: unknown): value is KeysDocument =>
  typeof value === 'object' &&
  value !== null &&
  'verifierKey' in value &&
  typeof value.verifierKey === 'string' &&
  'quorum' in value &&
  typeof value.quorum === 'number' &&
  'witnesses' in value &&
  Array.isArray(value.witnesses) &&
  value.witnesses.every(isKeyed);

const isKeyed = (value: unknown): boolean =>
  typeof value === 'object' &&
  value !== null &&
  'verifierKey' in value &&
  typeof value.verifierKey === 'string' &&
  (!('url' in value) || typeof value.url === 'string');
