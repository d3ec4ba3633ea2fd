import fc from 'fast-check';
import { ensureTools } from '@tongbao/local-services';
import { BankFileRefused, readStatements } from '../src/index.js';
import { all, golden } from './golden.js';
import { validity } from './xmllint.js';

const day = golden('read/camt.053-day.xml');
const lines = day.split('\n');
const tokens = ['<', '>', '/', '&', '"', '0', '-', ' ', 'Z', '<!--', '<Cd>', '</Ntry>', '漢'];
const place = fc.integer({ min: 0, max: lines.length - 1 });

/** A file that something has happened to: a line lost, doubled, moved; some characters changed. */
const damaged = fc.oneof(
  place.map((at) => lines.toSpliced(at, 1).join('\n')),
  place.map((at) => lines.toSpliced(at, 0, lines[at]!).join('\n')),
  fc.tuple(place, place).map(([from, to]) => lines.toSpliced(from, 1).toSpliced(to, 0, lines[from]!).join('\n')),
  fc
    .tuple(fc.nat(day.length), fc.nat(3), fc.constantFrom('', ...tokens))
    .map(([at, length, token]) => day.slice(0, at) + token + day.slice(at + length)),
);

/** Refusals of what the schema allows: of amounts, and of what is beyond the schema's words. */
const ours = ['currency_unknown', 'currency_differs', 'amount_precision', 'amount_too_large'];

it('what libxml2 finds invalid is refused, and only that, but for amounts', async () => {
  await ensureTools(['xmllint']);
  const files = fc.sample(damaged, { numRuns: 600, seed: 20261120 });
  const areValid = await validity('camt.053.001.08', files);
  const refusals = await Promise.all(
    files.map((xml) =>
      all(readStatements(xml)).then(
        () => undefined,
        (error: unknown) => {
          if (error instanceof BankFileRefused) return error.problem;
          throw error;
        },
      ),
    ),
  );
  const differing = files.flatMap((_, index) => {
    const refusal = refusals[index];
    const isRefusedBySchema = refusal !== undefined && !ours.includes(refusal.code);
    return isRefusedBySchema === areValid[index] ? [{ index, refusal, valid: areValid[index] }] : [];
  });
  expect(differing).toEqual([]);
  // The sample has enough of both kinds to say something.
  expect(areValid.filter(Boolean).length).toBeGreaterThan(50);
  expect(areValid.filter((each) => !each).length).toBeGreaterThan(200);
});
