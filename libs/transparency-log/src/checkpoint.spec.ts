import { ALog, aWitness, cosigned, leavesTo, log, logKey, origin, refusalOf } from '../test/a-log.js';
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { emptyRoot } from './merkle.js';
import { generateSignerKey } from './note.keys.js';
import { formatNote, signNote } from './note.js';
import { checkPolicy, cosignersOf, witnessPolicy } from './witness.policy.js';

/** The example of C2SP tlog-checkpoint. */
const example = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';

describe('a checkpoint', () => {
  it('is three lines', () => {
    const checkpoint = parseCheckpoint(example);
    expect(checkpoint.origin).toBe('example.com/behind-the-sofa');
    expect(checkpoint.size).toBe(20_852_163);
    expect(formatCheckpoint(checkpoint)).toBe(example);
  });

  it('may have extensions', () => {
    const checkpoint = parseCheckpoint(`${example}one\ntwo\n`);
    expect(checkpoint.extensions).toEqual(['one', 'two']);
    expect(formatCheckpoint(checkpoint)).toBe(`${example}one\ntwo\n`);
  });

  const [first = '', size = '', root = ''] = example.split('\n');
  it.each([
    ['ends without a newline', example.slice(0, -1), 'checkpoint_malformed'],
    ['has no origin', `\n${size}\n${root}\n`, 'checkpoint_origin'],
    ['has no size', `${first}\n\n${root}\n`, 'checkpoint_size'],
    ['has a size with a zero before it', `${first}\n0${size}\n${root}\n`, 'checkpoint_size'],
    ['has a negative size', `${first}\n-1\n${root}\n`, 'checkpoint_size'],
    ['has a size that no tree has', `${first}\n9007199254740992\n${root}\n`, 'checkpoint_size'],
    ['has two lines', `${first}\n${size}\n`, 'checkpoint_malformed'],
    ['has a root that is no base64', `${first}\n${size}\n${root.slice(1)}\n`, 'checkpoint_root'],
    ['has a root of 31 bytes', `${first}\n${size}\n${Buffer.alloc(31).toString('base64')}\n`, 'checkpoint_root'],
    ['has an empty extension', `${example}\nx\n`, 'checkpoint_extension'],
  ])('that %s is refused', async (_, text, code) => {
    expect(await refusalOf(() => parseCheckpoint(text))).toBe(code);
  });

  it.each([
    ['an origin of two lines', { origin: 'a\nb' }, 'checkpoint_size'],
    ['no origin', { origin: '' }, 'checkpoint_origin'],
    ['a size that is none', { size: 1.5 }, 'out_of_range'],
    ['a root that is none', { root: Buffer.alloc(3) }, 'checkpoint_root'],
    ['an empty extension', { extensions: [''] }, 'checkpoint_extension'],
  ])('is not made of %s', async (_, part, code) => {
    expect(await refusalOf(() => formatCheckpoint({ origin, size: 0, root: emptyRoot, ...part }))).toBe(code);
  });
});

describe('a signed checkpoint', () => {
  const { checkpoint } = ALog.of(leavesTo(5));
  const signed = signCheckpoint(checkpoint, logKey);
  const witness = aWitness();

  it('is opened with the key of its log', () => {
    const opened = openCheckpoint(signed, log);
    expect({ ...opened.checkpoint, root: undefined }).toEqual({ ...checkpoint, root: undefined });
    expect(opened.cosignatures).toEqual([]);
  });

  it('tells who cosigned it, and when', () => {
    const { cosignatures } = openCheckpoint(cosigned(signed, [witness, aWitness('unknown')], 99), log, [witness.verifier]);
    expect(cosignatures).toEqual([{ key: witness.verifier, timestampSeconds: 99 }]);
  });

  const other = generateSignerKey(origin, 'ed25519');
  const ofAnotherLog = formatCheckpoint({ ...checkpoint, origin: 'other.example/log' });
  it.each([
    ['the log has not signed', signCheckpoint(checkpoint, other), 'log_signature_missing'],
    ['the log signed another text', signed.replace('\n5\n', '\n6\n'), 'log_signature_invalid'],
    [
      'a witness signed another text',
      cosigned(signed, []).concat(cosigned(ALog.of([]).signed(), [witness]).split('\n').slice(-2).join('\n')),
      'cosignature_invalid',
    ],
    ['is one of another log', formatNote({ text: ofAnotherLog, signatures: [signNote(ofAnotherLog, logKey)] }), 'origin_differs'],
    ['is none', formatNote({ text: 'hello\n', signatures: [signNote('hello\n', logKey)] }), 'checkpoint_malformed'],
    ['nobody signed', `${formatCheckpoint(checkpoint)}\n`, 'note_unsigned'],
  ])('that %s is refused', async (_, note, code) => {
    expect(await refusalOf(() => openCheckpoint(note, log, [witness.verifier]))).toBe(code);
  });

  it('is signed by no other name and by no witness key', async () => {
    expect(await refusalOf(() => signCheckpoint({ ...checkpoint, origin: 'other' }, logKey))).toBe('origin_differs');
    expect(await refusalOf(() => signCheckpoint(checkpoint, generateSignerKey(origin, 'cosignature')))).toBe('key_type');
  });
});

describe('a policy of k of n', () => {
  const [a, b, c] = [aWitness('a'), aWitness('b'), aWitness('c')];
  const policy = witnessPolicy([a.verifier, b.verifier, c.verifier], 2);
  const by = (...keys: (typeof a)[]) => openCheckpoint(cosigned(ALog.of([]).signed(), keys), log, policy.witnesses).cosignatures;

  it.each([
    ['nobody', [], 0],
    ['one', [b], 1],
    ['one twice', [b, b], 1],
    ['one and a stranger', [b, aWitness('a')], 1],
  ])('is not kept by %s', async (_, keys, cosigners) => {
    expect(cosignersOf(policy, by(...keys))).toBe(cosigners);
    expect(await refusalOf(() => checkPolicy(policy, by(...keys)))).toBe('cosignatures_too_few');
  });

  it('is kept by k of them', () => {
    expect(() => checkPolicy(policy, by(c, a))).not.toThrow();
  });

  it.each([
    ['more than all', [a.verifier], 2],
    ['a part', [a.verifier, b.verifier], 0.5],
    ['less than nobody', [], -1],
    ['the key of a log', [logKey.verifier], 1],
    ['one key under two names', [a.verifier, { ...a.verifier, name: 'z', id: '00000000' }], 1],
  ])('is not one of %s', async (_, keys, quorum) => {
    expect(await refusalOf(() => witnessPolicy(keys, quorum))).toBe('policy_malformed');
  });
});
