import { describe, expect, it } from '@jest/globals';
import type { lookup } from 'node:dns';
import { checkTarget, isAllowedAddress, resolveTarget } from './target-guard.js';

const strict = { allowLocal: false };
const local = { allowLocal: true };

/** A name server that gives these addresses. */
const answering = (...addresses: string[]): typeof lookup =>
  ((_hostname: string, _options: object, callback: (error: null, found: { address: string; family: number }[]) => void) =>
    callback(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )) as unknown as typeof lookup; // only the overload that the guard uses

describe('a target', () => {
  it('may be a public https URL', () =>
    expect(checkTarget('https://hooks.example.com:8443/x?y=1', strict).host).toBe('hooks.example.com:8443'));

  it.each([
    ['plain http', 'http://hooks.example.com/'],
    ['another scheme', 'file:///etc/passwd'],
    ['no URL', 'hooks.example.com'],
    ['a password', 'https://user:password@hooks.example.com/'],
    ['this machine', 'https://127.0.0.1/'],
    ['this machine in another spelling', 'https://0x7f.1/'],
    ['this machine as a number', 'https://2130706433/'],
    ['this machine in IPv6', 'https://[::1]/'],
    ['this machine, mapped into IPv6', 'https://[::ffff:127.0.0.1]/'],
    ['a private network', 'https://10.1.2.3/'],
    ['the credentials of a cloud machine', 'https://169.254.169.254/latest/meta-data'],
  ])('with %s is refused', (_, url) => expect(() => checkTarget(url, strict)).toThrow());

  it('may be local where the configuration allows it', () => expect(checkTarget('http://127.0.0.1:9000/', local).port).toBe('9000'));
  it('is never link-local', () => expect(() => checkTarget('http://169.254.169.254/', local)).toThrow('not a public address'));
});

describe('an address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '2606:4700::1111'])('%s is public', (address) => expect(isAllowedAddress(address, strict)).toBe(true));

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '127.1.2.3',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
  ])('%s is not', (address) => expect(isAllowedAddress(address, strict)).toBe(false));

  it.each([
    '::',
    '::1',
    'fe80::1',
    'fc00::1',
    'fd12::1',
    'ff02::1',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    '2001:db8::1',
    '::ffff:10.0.0.1',
    '::ffff:8.8.8.8',
  ])('%s is not', (address) => expect(isAllowedAddress(address, strict)).toBe(false));
});

describe('the name of a target', () => {
  const resolving = (...addresses: string[]) => resolveTarget(new URL('https://hooks.example.com/'), strict, answering(...addresses));

  it('may lead to public addresses', () => expect(resolving('8.8.8.8', '2606:4700::1111')).resolves.toBeUndefined());
  it('is refused when one of its addresses is not public', () =>
    expect(resolving('8.8.8.8', '10.0.0.1')).rejects.toThrow('leads to 10.0.0.1'));
});
