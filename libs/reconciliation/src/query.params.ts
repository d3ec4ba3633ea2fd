import { Problem } from '@tongbao/service';
import { isBillDay } from './bill-day.js';

/** One of a list of words, or undefined where nothing was asked for. @throws Problem invalid */
export function wordIn<Word extends string>(words: readonly Word[], text: string | undefined, field: string): Word | undefined {
  if (text === undefined) return undefined;
  const word = words.find((each) => each === text);
  if (word === undefined) throw new Problem('invalid', `${field} must be one of ${words.join(', ')}.`, field);
  return word;
}

/** @throws Problem invalid */
export function dayIn(text: string | undefined, field: string): string | undefined {
  if (text !== undefined && !isBillDay(text)) throw new Problem('invalid', `${field} must be a day such as 2026-03-01.`, field);
  return text;
}

/** @throws Problem invalid */
export function flagIn(text: string | undefined, field: string): boolean | undefined {
  const word = wordIn(['true', 'false'], text, field);
  return word === undefined ? undefined : word === 'true';
}
