import fc from 'fast-check';
import { ALog, aWitness, cosigned, flip, hex, leafText, leavesTo, log, logKey, origin, refusalOf } from '../test/a-log.js';
import { signCheckpoint } from './checkpoint.js';
import { leafHash } from './merkle.js';
import { generateSignerKey } from './note.keys.js';
import { formatReceipt, parseReceipt, verifyReceipt, type Receipt } from './receipt.js';
import { witnessPolicy } from './witness.policy.js';

const [w1, w2, w3] = [aWitness('w1'), aWitness('w2'), aWitness('w3')];
const policy = witnessPolicy([w1.verifier, w2.verifier, w3.verifier], 2);
const trust = { log, policy };
const size = 1_000;
const index = 737;
const theLog = ALog.of(leavesTo(size));
const leaf = leafText(index);

const parts = async (more: Partial<Receipt> = {}): Promise<Receipt> => ({
  index,
  proof: await theLog.prover.inclusionProof(index, size),
  checkpoint: cosigned(theLog.signed(), [w1, w3]),
  ...more,
});
const failure = (receipt: string, of: Parameters<typeof verifyReceipt>[1] = leaf, who: Parameters<typeof verifyReceipt>[2] = trust) => {
  const result = verifyReceipt(receipt, of, who);
  return result.valid ? 'valid' : result.failure;
};

it('a receipt is checked with the entry, or its hash, and the keys', async () => {
  const receipt = formatReceipt(await parts({ extra: Buffer.from('more') }));
  const result = verifyReceipt(receipt, leaf, trust);
  expect(result).toMatchObject({
    valid: true,
    index,
    checkpoint: { origin, size },
    cosignatures: [{ key: w1.verifier }, { key: w3.verifier }],
  });
  expect(failure(receipt, { hash: leafHash(leaf) })).toBe('valid');
  expect(failure(formatReceipt(await parts({ checkpoint: theLog.signed() })), leaf, { log })).toBe('valid');
});

it('a receipt is written as C2SP tlog-proof says, and read back', async () => {
  const { proof } = await parts();
  const receipt = formatReceipt(await parts({ extra: Buffer.from('more') }));
  expect(receipt.split('\n').slice(0, 4)).toEqual([
    'c2sp.org/tlog-proof@v1',
    'extra bW9yZQ==',
    'index 737',
    Buffer.from(proof[0]!).toString('base64'),
  ]);
  const parsed = parseReceipt(receipt);
  expect(parsed.extra?.toString()).toBe('more');
  expect(parsed.proof.map(hex)).toEqual(proof.map(hex));
  expect(formatReceipt(parsed)).toBe(receipt);
});

it('the receipt of the only leaf has no hashes', () => {
  const single = ALog.of(leavesTo(1));
  const receipt = formatReceipt({ index: 0, proof: [], checkpoint: single.signed() });
  expect(receipt.startsWith(`c2sp.org/tlog-proof@v1\nindex 0\n\n${origin}\n1\n`)).toBe(true);
  expect(failure(receipt, leafText(0), { log })).toBe('valid');
});

describe('a receipt that is no receipt', () => {
  it.each([
    ['is empty', () => '', 'receipt_header'],
    ['has another header', (good: string) => good.replace('@v1', '@v2'), 'receipt_header'],
    ['has no checkpoint', (good: string) => good.slice(0, good.indexOf('\n\n')), 'receipt_header'],
    ['has an extra that is no base64', (good: string) => good.replace('\nindex', '\nextra !\nindex'), 'receipt_extra'],
    ['has no index', (good: string) => good.replace('index 737\n', ''), 'receipt_index'],
    ['has an index with a zero before it', (good: string) => good.replace('index 737', 'index 0737'), 'receipt_index'],
    ['has a negative index', (good: string) => good.replace('index 737', 'index -1'), 'receipt_index'],
    ['has two extras', (good: string) => good.replace('\nindex', '\nextra AA==\nextra AA==\nindex'), 'receipt_index'],
    ['has a hash that is none', (good: string) => good.replace('index 737\n', 'index 737\nAAAA\n'), 'receipt_proof'],
    [
      'has 64 hashes',
      (good: string) => good.replace('index 737\n', `index 737\n${`${Buffer.alloc(32).toString('base64')}\n`.repeat(64)}`),
      'receipt_proof',
    ],
    ['has a checkpoint that is no note', (good: string) => good.replace('\n\nhub', '\n\nhub\r'), 'note_control_character'],
  ])('because it %s, is named', async (_, broken, code) => {
    const receipt = broken(formatReceipt(await parts()));
    expect(failure(receipt)).toBe(code);
  });
});

describe('a receipt that proves nothing', () => {
  it('is one for another entry', async () => {
    expect(failure(formatReceipt(await parts()), leafText(738))).toBe('inclusion_unproven');
  });

  it('is one whose index was changed', async () => {
    expect(failure(formatReceipt(await parts({ index: 736 })))).toBe('inclusion_unproven');
    expect(failure(formatReceipt(await parts({ index: size })))).toBe('index_out_of_range');
  });

  it('is one whose proof belongs to another size', async () => {
    expect(failure(formatReceipt(await parts({ proof: await theLog.prover.inclusionProof(index, 900) })))).toBe('inclusion_unproven');
  });

  it('is one whose checkpoint was changed', async () => {
    const { checkpoint } = await parts();
    expect(failure(formatReceipt(await parts({ checkpoint: checkpoint.replace('\n1000\n', '\n1001\n') })))).toBe('log_signature_invalid');
  });

  it('is one that another key of the same name signed', async () => {
    const forged = signCheckpoint(theLog.checkpoint, generateSignerKey(origin, 'ed25519'));
    expect(failure(formatReceipt(await parts({ checkpoint: cosigned(forged, [w1, w2]) })))).toBe('log_signature_missing');
  });

  it('is one of another log', async () => {
    const otherKey = generateSignerKey('other.example/log', 'ed25519');
    const other = { origin: 'other.example/log', key: otherKey.verifier };
    expect(failure(formatReceipt(await parts()), leaf, { log: other })).toBe('log_signature_missing');
    expect(failure(formatReceipt(await parts()), leaf, { log: { ...other, key: log.key } })).toBe('origin_differs');
  });

  it('is one with too few witnesses', async () => {
    expect(failure(formatReceipt(await parts({ checkpoint: cosigned(theLog.signed(), [w2]) })))).toBe('cosignatures_too_few');
    expect(failure(formatReceipt(await parts({ checkpoint: cosigned(theLog.signed(), [w2, w2, aWitness('w1')]) })))).toBe(
      'cosignatures_too_few',
    );
  });

  it('is one with a false cosignature of a witness', async () => {
    const { checkpoint } = await parts();
    const lines = checkpoint.split('\n');
    const stolen = cosigned(ALog.of([]).signed(), [w2]).split('\n').at(-2) ?? '';
    expect(failure(formatReceipt(await parts({ checkpoint: [...lines.slice(0, -1), stolen, ''].join('\n') })))).toBe('cosignature_invalid');
  });

  it('is one signed as a log by a witness', async () => {
    expect(await refusalOf(() => signCheckpoint(theLog.checkpoint, w1))).toBe('origin_differs');
    expect(logKey.verifier.type).toBe('ed25519');
  });
});

it('wherever a bit of a receipt is flipped, it is found', async () => {
  // Exactly the quorum, so that each signature is needed.
  const bytes = Buffer.from(formatReceipt(await parts()));
  fc.assert(
    fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
      expect(failure(Buffer.from(flip(bytes, bit)).toString())).not.toBe('valid');
    }),
    { numRuns: 2_000 },
  );
});

it('other errors than refusals are not taken for a failure', async () => {
  const receipt = formatReceipt(await parts());
  const broken = { ...log, key: { ...log.key, publicKey: undefined as never } };
  expect(() => verifyReceipt(receipt, leaf, { log: broken })).toThrow('padding');
});
