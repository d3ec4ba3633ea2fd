import { ensureTools } from '@tongbao/local-services';
import { meaningOf, readPaymentStatus } from '../src/index.js';
import { all, expectGolden, golden, json } from './golden.js';
import { invalid } from './xmllint.js';

const names = ['pain.002-partly', 'pain.002-all-rejected'];

describe('pain.002.001.12', () => {
  it.each(names)('%s reads as before', async (name) => {
    expectGolden(`read/${name}.json`, json(await all(readPaymentStatus(golden(`read/${name}.xml`)))));
  });

  it('the examples are valid', async () => {
    await ensureTools(['xmllint']);
    expect(
      await invalid(
        'pain.002.001.12',
        names.map((name) => golden(`read/${name}.xml`)),
      ),
    ).toBe('');
  });

  it('gives group, blocks and transactions in their order', async () => {
    const items = await all(readPaymentStatus(golden('read/pain.002-partly.xml')));
    expect(items.map(({ kind }) => kind)).toEqual(['report', 'group', 'payment', 'transaction', 'transaction', 'payment']);
  });
});

it.each([
  ['RJCT', 'rejected'],
  ['CANC', 'rejected'],
  ['ACTC', 'accepted'],
  ['ACSP', 'accepted'],
  ['PDNG', 'accepted'],
  ['ACSC', 'settled'],
  ['ACCC', 'settled'],
  ['PART', 'partly'],
  ['WHAT', 'unknown'],
])('%s means %s', (status, meaning) => expect(meaningOf(status)).toBe(meaning));
