import { describe, expect, it } from '@jest/globals';
import { formatSignerKey, formatVerifierKey, generateSignerKey } from '@tongbao/transparency-log';
import { origin, settingsOf, signingKey, type LogOptions } from '../test/log-hub.js';

const witness = (name: string) => `${formatVerifierKey(generateSignerKey(name, 'cosignature').verifier)}=https://${name}`;

describe('the settings of the log', () => {
  it('are the keys and the policy', () => {
    const settings = settingsOf({ witnesses: [witness('w.example/1'), witness('w.example/2')], quorum: 2 });
    expect(settings.log.origin).toBe(origin);
    expect(settings.witnesses.map(({ url }) => url)).toEqual(['https://w.example/1', 'https://w.example/2']);
    expect(settings.policy.quorum).toBe(2);
  });

  it.each<[string, RegExp, LogOptions]>([
    [
      'a key of another name',
      /LOG_ORIGIN: it is other.example, and LOG_SIGNING_KEY is the key of hub.example/,
      { origin: 'other.example', signingKey },
    ],
    [
      'the key of a witness',
      /LOG_SIGNING_KEY: it is the key of a witness/,
      { signingKey: formatSignerKey(generateSignerKey(origin, 'cosignature')) },
    ],
    ['a key with another id', /LOG_SIGNING_KEY: key_id/, { signingKey: signingKey.replace(/\+[0-9a-f]{8}\+/, '+00000000+') }],
    ['more of a quorum than witnesses', /LOG_WITNESS_QUORUM: policy_malformed: 2 of 1/, { witnesses: [witness('w.example/1')], quorum: 2 }],
    ['no commitment key', /LOG_COMMITMENT_KEY: commitment_key/, { commitmentKey: '' }],
    ['a witness without an address', /LOG_WITNESSES/, { witnesses: [witness('w.example/1').replace(/=https.*/, '')] }],
  ])('%s stops the start', (_, message, options) => expect(() => settingsOf(options)).toThrow(message));
});
