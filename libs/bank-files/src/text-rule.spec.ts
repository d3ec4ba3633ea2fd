import { isBic, isCreditorIdentifier, isIban } from './account-rule.js';
import { endToEndIdOf } from './end-to-end-id.js';
import { referenceTrouble, textTrouble } from './text-rule.js';

describe('IBANs', () => {
  // The examples of the IBAN registry.
  it.each([
    'GB29NWBK60161331926819',
    'DE89370400440532013000',
    'FR1420041010050500013M02606',
    'NO9386011117947',
    'MT84MALT011000012345MTLCAST001S',
    'CH9300762011623852957',
  ])('%s is one', (text) => expect(isIban(text)).toBe(true));
  it.each(['GB29NWBK60161331926818', 'gb29nwbk60161331926819', 'GB29 NWBK 6016 1331 9268 19', 'DE', '', 'GB29NWBK60161331926819\n'])(
    '%j is none',
    (text) => expect(isIban(text)).toBe(false),
  );
  it('two digits that were swapped are found', () => expect(isIban('DE89370400440532010300')).toBe(false));
});

it.each([
  ['COBADEFF', true],
  ['COBADEFFXXX', true],
  ['COBADEFFX', false],
  ['cobadeff', false],
])('%s as a BIC: %s', (text, is) => expect(isBic(text)).toBe(is));

it('a creditor identifier is checked without its business code', () => {
  expect(['DE98ZZZ09999999999', 'DE98ABC09999999999', 'DE97ZZZ09999999999', 'DE98'].map(isCreditorIdentifier)).toEqual([
    true,
    true,
    false,
    false,
  ]);
});

describe('character sets', () => {
  const sepa = "ABCxyz019/-?:().,'+ z";
  it('SEPA has these and no others', () => {
    expect(textTrouble(sepa, 140, 'sepa')).toBeUndefined();
    for (const other of 'äé_&<>"@#;=*!%$€漢😀\n\t\u00a0')
      expect(textTrouble(`a${other}b`, 140, 'sepa')).toMatchObject({ code: 'character_refused' });
  });
  it('UTF-8 has all but what is no text', () => {
    expect(textTrouble('äé_&<>"@漢😀', 140, 'utf-8')).toBeUndefined();
    for (const other of ['\n', '\t', '\u0000', '\u007f', '\u009f', '\ud83d', '\uffff']) {
      expect(textTrouble(`a${other}b`, 140, 'utf-8')).toMatchObject({ code: 'character_refused' });
    }
  });
  it('a character beyond the basic plane counts once', () => expect(textTrouble('😀'.repeat(35), 35, 'utf-8')).toBeUndefined());
  it('a slash at an end is refused in SEPA references only', () => {
    expect(referenceTrouble('a/', 35, 'sepa')).toMatchObject({ code: 'character_refused' });
    expect(referenceTrouble('a/b', 35, 'sepa')).toBeUndefined();
    expect(referenceTrouble('a/', 35, 'utf-8')).toBeUndefined();
    expect(textTrouble('a/', 35, 'sepa')).toBeUndefined();
  });
});

describe('the end-to-end id of a payout', () => {
  it('is the payout id where the bank takes it', () => {
    expect(endToEndIdOf('stl_d923b43e86848275129f_platform.A', 'utf-8')).toBe('stl_d923b43e86848275129f_platform.A');
  });
  it('else 35 characters that every bank takes, always the same', () => {
    const id = endToEndIdOf('stl_d923b43e86848275129f_platform.A', 'sepa');
    expect(id).toBe('E2EPMKZDU4ZV6SIBLFQMPNJAYOV4SD2WJFI');
    expect(referenceTrouble(id, 35, 'sepa')).toBeUndefined();
    expect(endToEndIdOf('stl_d923b43e86848275129f_platform.AA', 'utf-8')).toMatch(/^E2E[A-Z2-7]{32}$/);
  });
});
