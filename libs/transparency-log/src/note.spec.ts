import fc from 'fast-check';
import { aWitness, flip, refusalOf } from '../test/a-log.js';
import { formatSignerKey, formatVerifierKey, generateSignerKey, parseSignerKey, parseVerifierKey, type SignerKey } from './note.keys.js';
import { checkSignatures, formatNote, formatSignature, openNote, parseNote, signNote } from './note.js';

/** The example of golang.org/x/mod/sumdb/note, where notes come from. */
const peter = {
  signer: 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz',
  verifier: 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW',
};
const text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const signature = '— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n';
const note = `${text}\n${signature}`;
const peterKey = parseVerifierKey(peter.verifier);

describe('the published note', () => {
  it('is what its key signs', () => {
    expect(formatNote({ text, signatures: [signNote(text, parseSignerKey(peter.signer))] })).toBe(note);
  });

  it('is opened with the key of who signed it', () => {
    const opened = openNote(note, [peterKey]);
    expect(opened.text).toBe(text);
    expect(opened.verified).toEqual([{ key: peterKey }]);
    expect(openNote(Buffer.from(note), [peterKey]).text).toBe(text);
  });

  it('has keys that are written as they were read', () => {
    expect(formatVerifierKey(peterKey)).toBe(peter.verifier);
    expect(formatSignerKey(parseSignerKey(peter.signer))).toBe(peter.signer);
    expect(formatVerifierKey(parseSignerKey(peter.signer).verifier)).toBe(peter.verifier);
  });
});

describe('a key', () => {
  it.each(['ed25519', 'cosignature'] as const)('of type %s survives being written', (type) => {
    const key = generateSignerKey('example.com/log', type);
    const verifier = parseVerifierKey(formatVerifierKey(key.verifier));
    expect(verifier.id).toBe(key.verifier.id);
    expect(verifier.type).toBe(type);
    const { signatures } = parseNote(formatNote({ text, signatures: [signNote(text, parseSignerKey(formatSignerKey(key)), 7)] }));
    expect(checkSignatures({ text, signatures }, [verifier]).verified).toHaveLength(1);
  });

  it('has another id with another type, another name, or another public key', () => {
    const key = peterKey.publicKey.export({ format: 'der', type: 'spki' });
    expect(key).toHaveLength(44);
    const ids = ['ed25519', 'cosignature'].map((type) => generateSignerKey('a', type as 'ed25519').verifier.id);
    expect(new Set([...ids, peterKey.id]).size).toBe(3);
  });

  it.each([
    ['is empty', '', 'key_malformed'],
    ['has no parts', 'PeterNeumann', 'key_malformed'],
    ['has an id that is no hexadecimal', 'PeterNeumann+c74f20aX+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_malformed'],
    ['has a short id', 'PeterNeumann+c74f20+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_malformed'],
    ['has no name', '+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_name'],
    ['has a name with a space', 'Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_name'],
    ['has a name with a space of Unicode', 'Peter\u00a0Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_name'],
    ['is not base64', 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T', 'key_malformed'],
    ['has no bytes', 'PeterNeumann+c74f20a3+', 'key_malformed'],
    ['is too short', 'PeterNeumann+c74f20a3+ARpc', 'key_malformed'],
    ['has an unknown type', `PeterNeumann+c74f20a3+${Buffer.alloc(33, 2).toString('base64')}`, 'key_type'],
    ['has the id of another', 'PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_id'],
    ['has the name of another', 'EnochRoot+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW', 'key_id'],
  ])('that %s is refused', async (_, key, code) => {
    expect(await refusalOf(() => parseVerifierKey(key))).toBe(code);
    expect(await refusalOf(() => parseSignerKey(`PRIVATE+KEY+${key}`))).toBe(code);
  });

  it('that signs begins with PRIVATE+KEY, and no error tells any of it', async () => {
    expect(await refusalOf(() => parseSignerKey(peter.verifier))).toBe('key_malformed');
    expect(() => parseSignerKey(peter.signer.replace('c74f20a3', '00000000'))).toThrow(expect.not.stringContaining('AYEKFAL'));
    expect(await refusalOf(() => generateSignerKey('two words', 'ed25519'))).toBe('key_name');
  });
});

describe('a note', () => {
  const line = signature.trimEnd();

  it.each([
    ['is longer than a note is', 'x'.repeat(1_000_001), 'note_too_long'],
    ['is half a surrogate pair', `\ud800${note}`, 'note_not_utf8'],
    ['has a carriage return', note.replace('\n', '\r\n'), 'note_control_character'],
    ['has a tab', note.replace(' ', '\t'), 'note_control_character'],
    ['has a null', `\0${note}`, 'note_control_character'],
    ['is empty', '', 'note_unsigned'],
    ['has no empty line', `${text}${signature}`, 'note_unsigned'],
    ['has no signatures', `${text}\n`, 'note_unsigned'],
    ['has no newline at its end', note.slice(0, -1), 'note_unsigned'],
    ['has an empty line at its end', `${note}\n`, 'note_unsigned'],
    ['has a line that is no signature', `${note}hello\n`, 'note_signature_malformed'],
    ['has a hyphen for the dash', `${text}\n${signature.replace('—', '-')}`, 'note_signature_malformed'],
    ['has two spaces', `${text}\n${signature.replace(' ', '  ')}`, 'note_signature_malformed'],
    ['has a signature without a name', `${text}\n— ${line.split(' ')[2]}\n`, 'note_signature_malformed'],
    ['has a plus in a name', `${text}\n${signature.replace('Peter', 'Peter+')}`, 'note_signature_malformed'],
    ['has a space of Unicode in a name', `${text}\n${signature.replace('Peter', 'Peter\u2003')}`, 'note_signature_malformed'],
    ['has a signature that is no base64', `${text}\n${line.slice(0, -1)}\n`, 'note_signature_malformed'],
    ['has base64 with bits that are not used', `${text}\n${line.replace('nAM=', 'nAN=')}\n`, 'note_signature_malformed'],
    ['has a signature of four bytes', `${text}\n— PeterNeumann x08gow==\n`, 'note_signature_malformed'],
    ['has more signatures than are read', `${text}\n${signature.repeat(101)}`, 'note_too_many_signatures'],
  ])('that %s is refused', async (_, broken, code) => {
    expect(await refusalOf(() => parseNote(broken))).toBe(code);
    expect(await refusalOf(() => openNote(broken, [peterKey]))).toBe(code);
  });

  it('that is not UTF-8 is refused', async () => {
    const bytes = Buffer.from(note);
    bytes[3] = 0xff;
    expect(await refusalOf(() => parseNote(bytes))).toBe('note_not_utf8');
    expect(await refusalOf(() => parseNote(Buffer.alloc(1_000_001)))).toBe('note_too_long');
  });

  it('may have empty lines in its text: the last one is before the signatures', () => {
    const poem = 'Ognuno sta solo\n\ned è subito sera.\n';
    const signed = formatNote({ text: poem, signatures: [signNote(poem, parseSignerKey(peter.signer))] });
    expect(openNote(signed, [peterKey]).text).toBe(poem);
  });

  it('may have many signatures, of whom only known ones are looked at', () => {
    const others = Array.from({ length: 99 }, (_, n) => signNote(text, generateSignerKey(`other${n}`, 'ed25519')));
    const opened = openNote(formatNote({ text, signatures: [...others, ...parseNote(note).signatures] }), [peterKey]);
    expect(opened.signatures).toHaveLength(100);
    expect(opened.verified).toEqual([{ key: peterKey }]);
  });

  it('that no known key has signed is refused, also where only name or id are known', async () => {
    const otherId = generateSignerKey('PeterNeumann', 'ed25519').verifier;
    expect(await refusalOf(() => openNote(note, []))).toBe('signature_missing');
    expect(await refusalOf(() => openNote(note, [otherId]))).toBe('signature_missing');
    expect(await refusalOf(() => openNote(note, [{ ...otherId, id: peterKey.id, name: 'EnochRoot' }]))).toBe('signature_missing');
  });

  it('that a known key has signed wrongly is refused, though another signature is right', async () => {
    const enoch = generateSignerKey('EnochRoot', 'ed25519');
    const other = signNote('another text\n', enoch);
    const broken = formatNote({ text, signatures: [...parseNote(note).signatures, other] });
    expect(await refusalOf(() => openNote(broken, [peterKey, enoch.verifier]))).toBe('signature_invalid');
    expect(openNote(broken, [peterKey]).verified).toHaveLength(1);
  });

  it.each([
    ['has a control character', 'a\tb\n', 'note_control_character'],
    ['does not end with a newline', 'a', 'note_unsigned'],
    ['has half a surrogate pair', '\ud800\n', 'note_not_utf8'],
  ])('is not made of a text that %s', async (_, wrong, code) => {
    expect(await refusalOf(() => signNote(wrong, parseSignerKey(peter.signer)))).toBe(code);
  });

  it('is found damaged wherever a bit of it is flipped', () => {
    const bytes = Buffer.from(note);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => expect(() => openNote(flip(bytes, bit), [peterKey])).toThrow('_')),
      {
        numRuns: 500,
      },
    );
  });
});

describe('a cosignature', () => {
  const checkpoint = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n';
  const witness: SignerKey = aWitness();
  const sign = (timestampSeconds: number) => signNote(checkpoint, witness, timestampSeconds);

  it('says when it was made', () => {
    const { verified } = checkSignatures({ text: checkpoint, signatures: [sign(1_679_315_147)] }, [witness.verifier]);
    expect(verified).toEqual([{ key: witness.verifier, timestampSeconds: 1_679_315_147 }]);
    expect(Buffer.from(sign(1_679_315_147).signature).readBigUInt64BE()).toBe(1_679_315_147n);
  });

  it('is over the time and the text, so neither can be changed', () => {
    const { signature: bytes, ...rest } = sign(1_679_315_147);
    fc.assert(
      fc.property(fc.nat(bytes.length * 8 - 1), (bit) => {
        const { verified, failed } = checkSignatures({ text: checkpoint, signatures: [{ ...rest, signature: flip(bytes, bit) }] }, [
          witness.verifier,
        ]);
        expect([verified, failed]).toEqual([[], [witness.verifier]]);
      }),
    );
    expect(checkSignatures({ text: `${checkpoint}x\n`, signatures: [sign(1)] }, [witness.verifier]).failed).toHaveLength(1);
  });

  it.each([
    ['of 71 bytes', Buffer.alloc(71)],
    ['of a time after the end of the format', Buffer.alloc(72, 0xff)],
  ])('%s is not valid', (_, bytes) => {
    expect(checkSignatures({ text: checkpoint, signatures: [{ ...sign(1), signature: bytes }] }, [witness.verifier]).failed).toHaveLength(
      1,
    );
  });

  it('of one witness counts once', () => {
    const line = formatSignature(sign(5)) + formatSignature(sign(6));
    const { verified } = openNote(`${checkpoint}\n${line}`, [witness.verifier]);
    expect(verified).toEqual([{ key: witness.verifier, timestampSeconds: 5 }]);
  });
});
