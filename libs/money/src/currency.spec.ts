import { describe, expect, it } from '@jest/globals';
import { exponentOf, formatMinor, isCurrency } from './currency.js';

/** ISO 4217 list one, by minor units; what is not here has two. */
const others: Record<number, string> = {
  0: 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF',
  3: 'BHD IQD JOD KWD LYD OMR TND',
  4: 'CLF UYW',
};
const two = `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK
  DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD
  MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
  SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`;
const codes = (text: string): string[] => text.split(/\s+/);

describe('the currencies of ISO 4217', () => {
  it.each(codes(two))('%s has two digits', (code) => expect(exponentOf(code)).toBe(2));

  it.each(Object.entries(others).flatMap(([digits, text]) => codes(text).map((code) => [code, Number(digits)] as const)))(
    '%s has %i digits',
    (code, digits) => expect(exponentOf(code)).toBe(digits),
  );

  it.each(['ANG', 'BGN', 'CUC'])('%s is historic and still known', (code) => expect(isCurrency(code)).toBe(true));

  it.each(codes('XAU XAG XPD XPT XDR XSU XUA XBA XBB XBC XBD XTS XXX'))('%s has no minor unit: nothing is paid in it', (code) => {
    expect(isCurrency(code)).toBe(false);
    expect(() => exponentOf(code)).toThrow(RangeError);
  });

  it('are written with their digits', () =>
    expect([formatMinor(1234, 'JPY'), formatMinor(1234, 'BHD'), formatMinor(-1234, 'CLF'), formatMinor(5, 'UYW')]).toEqual([
      '1234',
      '1.234',
      '-0.1234',
      '0.0005',
    ]));
});
