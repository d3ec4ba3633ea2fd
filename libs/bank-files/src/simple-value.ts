/** The rule that a simple type of a schema sets for a text; `undefined` when the text keeps it, else what is wrong. */
export type SimpleRule = (text: string) => string | undefined;

const dateTime = /^(-?\d{4,}-\d\d-\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(Z|[+-]\d\d:\d\d)?$/;
const date = /^(-?\d{4,})-(\d\d)-(\d\d)(Z|[+-]\d\d:\d\d)?$/;

export function isDate(text: string): boolean {
  const [, year, month, day, zone] = date.exec(text) ?? [];
  if (year === undefined || Number(month) < 1 || Number(month) > 12 || Number(year) === 0) return false;
  const daysOfMonth = new Date(Date.UTC(2000 + (Number(year) % 400), Number(month), 0)).getUTCDate();
  return Number(day) >= 1 && Number(day) <= daysOfMonth && isZone(zone);
}

export function isDateTime(text: string): boolean {
  const [, day = '', hour, minute, second, zone] = dateTime.exec(text) ?? [];
  if (!isDate(day) || !isZone(zone)) return false;
  const isMidnight = hour === '24' && minute === '00' && second === '00' && !/\.\d*[1-9]/.test(text);
  return isMidnight || (Number(hour) < 24 && Number(minute) < 60 && Number(second) < 60);
}

function isZone(zone: string | undefined): boolean {
  if (zone === undefined || zone === 'Z') return true;
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4));
  return Number(zone.slice(4)) < 60 && minutes <= 14 * 60;
}

/** XML Schema counts characters, not the halves of UTF-16. */
export function lengthOf(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit >= 0xd800 && unit <= 0xdbff) count--;
  }
  return count;
}

export function lengthRule(least: number, most: number): SimpleRule {
  return (text) => {
    if (text.length >= least && text.length <= most) return undefined;
    const length = lengthOf(text);
    if (length < least) return length === 0 ? 'it is empty' : `it has ${length} characters, ${least} is the least`;
    return length > most ? `it has ${length} characters, ${most} is the most` : undefined;
  };
}

export function decimalRule(totalDigits: number, fractionDigits: number, least: number | undefined): SimpleRule {
  return (text) => {
    // No number that a bank writes is longer, and the expression below takes time with the square of a text's length.
    if (text.length > 64) return `${shown(text)} is too long for a number`;
    const [, sign, whole = '', fraction = ''] = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/.exec(text) ?? [];
    if (sign === undefined || !/\d/.test(text)) return `${shown(text)} is no decimal number`;
    if (fraction.length > fractionDigits) return `${shown(text)} has more than ${fractionDigits} digits after its point`;
    if (whole.length + fraction.length > totalDigits) return `${shown(text)} has more than ${totalDigits} digits`;
    const isNegative = sign === '-' && whole + fraction !== '';
    return least === 0 && isNegative ? `${shown(text)} is below 0` : undefined;
  };
}

export function base64Rule(least: number, most: number): SimpleRule {
  return (text) => {
    const packed = text.replace(/\s+/g, '');
    if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed)) return 'it is not base64';
    const bytes = Buffer.byteLength(packed, 'base64');
    return bytes < least || bytes > most ? `it has ${bytes} bytes, ${least} to ${most} are allowed` : undefined;
  };
}

export function patternRule(pattern: string): SimpleRule {
  const whole = new RegExp(`^(?:${pattern})$`, 'u');
  return (text) => (whole.test(text) ? undefined : `${shown(text)} is not of the form ${pattern}`);
}

export function enumerationRule(values: readonly string[]): SimpleRule {
  return (text) => (values.includes(text) ? undefined : `${shown(text)} is none of ${values.join(', ')}`);
}

export const dateRule: SimpleRule = (text) => (isDate(text) ? undefined : `${shown(text)} is no date`);
export const dateTimeRule: SimpleRule = (text) => (isDateTime(text) ? undefined : `${shown(text)} is no date and time`);
export const booleanRule = enumerationRule(['true', 'false', '1', '0']);
export const yearRule: SimpleRule = (text) => (/^-?\d{4,}(Z|[+-]\d\d:\d\d)?$/.test(text) ? undefined : `${shown(text)} is no year`);
export const yearMonthRule: SimpleRule = (text) =>
  /^-?\d{4,}-(0[1-9]|1[0-2])(Z|[+-]\d\d:\d\d)?$/.test(text) ? undefined : `${shown(text)} is no month of a year`;

/** A value in a message to people: cut, as somebody else's file may hold anything. */
export const shown = (text: string): string => JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
