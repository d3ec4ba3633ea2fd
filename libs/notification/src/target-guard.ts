import { lookup as systemLookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export interface TargetPolicy {
  /** Also plain http, and addresses of this machine and of private networks: for tests, the demo and development. */
  allowLocal: boolean;
}

/** Where a webhook must not go: a request made by the hub would reach what its platform cannot. */
export class ForbiddenTarget extends Error {
  override readonly name = 'ForbiddenTarget';
}

type Network = readonly [address: string, prefix: number, family: 'ipv4' | 'ipv6'];

const local: readonly Network[] = [
  ['127.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['::1', 128, 'ipv6'],
  ['fc00::', 7, 'ipv6'],
];

/** The rest of IANA's special-purpose registries; 169.254.169.254 answers with a cloud machine's credentials. */
const special: readonly Network[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 4, 'ipv4'],
  ['240.0.0.0', 4, 'ipv4'],
  ['2001::', 23, 'ipv6'],
  ['2001:db8::', 32, 'ipv6'],
  ['2002::', 16, 'ipv6'],
  ['3fff::', 20, 'ipv6'],
];

/** Of IPv6 only this is given out to the public. */
const global: readonly Network[] = [['2000::', 3, 'ipv6']];

const listOf = (networks: readonly Network[]): BlockList => {
  const list = new BlockList();
  for (const network of networks) list.addSubnet(...network);
  return list;
};

const localNetworks = listOf(local);
const specialNetworks = listOf(special);
const globalIpv6 = listOf(global);

/** Whether a webhook may be sent to an IP address. */
export function isAllowedAddress(address: string, { allowLocal }: TargetPolicy): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (localNetworks.check(address, family)) return allowLocal;
  if (family === 'ipv6' && !globalIpv6.check(address, family)) return false;
  return !specialNetworks.check(address, family);
}

/**
 * Checks what can be seen of a URL without asking DNS; names are checked again at every connection, by `guardedLookup`.
 * @throws ForbiddenTarget with the reason
 */
export function checkTarget(url: string, policy: TargetPolicy): URL {
  if (!URL.canParse(url)) throw new ForbiddenTarget('the URL cannot be read');
  const target = new URL(url);
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (target.protocol !== 'https:' && !(target.protocol === 'http:' && policy.allowLocal))
    throw new ForbiddenTarget('the URL must begin with https');
  if (target.username || target.password) throw new ForbiddenTarget('the URL must not carry a name or password');
  if (isIP(host) !== 0 && !isAllowedAddress(host, policy)) throw new ForbiddenTarget(`${host} is not a public address`);
  return target;
}

/**
 * Resolves names for the HTTP client and refuses forbidden addresses. It checks the very addresses that are then connected to: a name that
 * answers differently the second time gains nothing. One forbidden address forbids the name.
 */
export const guardedLookup =
  (policy: TargetPolicy, resolve: typeof systemLookup = systemLookup): LookupFunction =>
  (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const forbidden = error ? undefined : addresses.find(({ address }) => !isAllowedAddress(address, policy));
      if (error) callback(error, []);
      else if (forbidden) callback(new ForbiddenTarget(`${hostname} leads to ${forbidden.address}, which is not a public address`), []);
      else if (options.all) callback(null, addresses);
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 4);
    });
  };

/**
 * Resolves a URL's name once, to tell a wrong one when it is registered. What holds is the check at every connection.
 * @throws ForbiddenTarget when it leads to a forbidden address, or nowhere
 */
export async function resolveTarget(target: URL, policy: TargetPolicy, resolve?: typeof systemLookup): Promise<void> {
  const host = target.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0) return;
  await new Promise<void>((allowed, refused) => {
    guardedLookup(policy, resolve)(host, { all: true }, (error) => {
      if (!error) allowed();
      else refused(error instanceof ForbiddenTarget ? error : new ForbiddenTarget(`${host} cannot be resolved`, { cause: error }));
    });
  });
}
