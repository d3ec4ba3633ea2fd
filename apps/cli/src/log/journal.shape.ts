import type { CheckpointSigned, CheckpointWitnessed, EntriesPosted } from '@tongbao/contracts';

/*
 * An auditor takes nothing for granted of what it reads: an event whose checksum is right may still be one that no writer ever wrote.
 */

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isInteger = (value: unknown): value is number => typeof value === 'number' && Number.isSafeInteger(value);
const isCount = (value: unknown): value is number => isInteger(value) && value >= 0;
const isPosition = (value: unknown): value is string => isText(value) && /^\d{1,19}$/.test(value);
const orAbsent = (value: unknown, is: (value: unknown) => boolean): boolean => value === undefined || is(value);
const isListOf = (value: unknown, is: (value: unknown) => boolean): boolean => Array.isArray(value) && value.every(is);

const isTransfer = (value: unknown): boolean =>
  isObject(value) && [value['from'], value['to'], value['currency'], value['kind']].every(isText) && isInteger(value['amountMinor']);

const isEntry = (value: unknown): boolean =>
  isObject(value) &&
  isText(value['kind']) &&
  isText(value['ref']) &&
  orAbsent(value['position'], isPosition) &&
  orAbsent(value['corrects'], isCount) &&
  orAbsent(value['note'], isText) &&
  isListOf(value['transfers'], isTransfer);

const isReservation = (value: unknown): boolean => isObject(value) && isText(value['account']) && isInteger(value['amountMinor']);

function isHoldChange(value: unknown): boolean {
  if (!isObject(value) || !isText(value['holdId'])) return false;
  if (value['change'] !== 'placed') return ['committed', 'voided', 'expired'].includes(String(value['change']));
  return isText(value['currency']) && isText(value['purpose']) && isListOf(value['reservations'], isReservation);
}

const isLimitChange = (value: unknown): boolean =>
  isObject(value) &&
  isText(value['account']) &&
  isText(value['currency']) &&
  orAbsent(value['minimumBalanceMinor'], isInteger) &&
  orAbsent(value['netDebitCapMinor'], isInteger);

const isAccountChange = (value: unknown): boolean => isObject(value) && isText(value['account']) && isText(value['change']);

const isSettledNet = (value: unknown): boolean =>
  isObject(value) && isText(value['party']) && isText(value['currency']) && isInteger(value['netMinor']);

const isOutcome = (value: unknown): boolean => isObject(value) && orAbsent(value['entry'], isCount) && orAbsent(value['by'], isText);

export const isJournalEvent = (value: unknown): value is EntriesPosted =>
  isObject(value) &&
  value['type'] === 'EntriesPosted' &&
  isCount(value['epoch']) &&
  isPosition(value['sourcePosition']) &&
  isCount(value['firstEntry']) &&
  isText(value['postedAt']) &&
  isListOf(value['entries'], isEntry) &&
  isListOf(value['holds'], isHoldChange) &&
  isListOf(value['limits'], isLimitChange) &&
  isListOf(value['accounts'], isAccountChange) &&
  isListOf(value['outcomes'], isOutcome) &&
  orAbsent(value['settled'], (settled) => isListOf(settled, isSettledNet));

export const isCheckpointSigned = (value: unknown): value is CheckpointSigned =>
  isObject(value) &&
  value['type'] === 'CheckpointSigned' &&
  isCount(value['size']) &&
  isText(value['rootHash']) &&
  isCount(value['journalRevision']) &&
  isPosition(value['sourcePosition']) &&
  isText(value['checkpoint']) &&
  isCount(value['witnessesNeeded']);

export const isCheckpointWitnessed = (value: unknown): value is CheckpointWitnessed =>
  isObject(value) &&
  value['type'] === 'CheckpointWitnessed' &&
  isCount(value['size']) &&
  isText(value['checkpoint']) &&
  isListOf(value['cosigners'], isText);
