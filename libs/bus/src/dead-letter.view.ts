import type { DeadLetter, DeadLetterError } from './dead-letter.js';
import type { Resolution } from './parking.js';

/** A dead letter as ops see it. */
export interface DeadLetterView extends DeadLetter {
  deadLetterId: string;
  at: Date;
  /** `parked`: its key is parked; `open`: it alone waits; the others are done with. */
  status: 'parked' | 'open' | Resolution['how'];
  /** How often a release of it has failed. */
  failedReleases: number;
  lastError?: DeadLetterError;
  resolution?: Resolution;
}

export interface DeadLetterPage {
  items: DeadLetterView[];
  /** Absent on the last page. */
  cursor?: string;
}

export interface ListOptions {
  topic?: string;
  key?: string;
  cursor?: string;
  limit?: number;
  /** Resolved ones too. */
  all?: boolean;
}

export interface ParkedKeyView {
  topic: string;
  key: string;
  partition: number;
  since: Date;
  /** Where another member has the partition: as of the last look at its dead letters. */
  deadLetters: number;
  releasing: boolean;
}

export interface Released {
  /** Dead letters handled now. */
  handled: number;
  /** The key still is parked, because of `failed`. */
  stillParked: boolean;
  failed?: { deadLetterId: string; attempts: number; error: DeadLetterError };
}

/** Why ops were refused. */
export class DeadLetterRefusal extends Error {
  override readonly name = 'DeadLetterRefusal';
  constructor(
    readonly code: 'unknown_topic' | 'unknown_cursor' | 'unknown_dead_letter' | 'already_resolved' | 'key_parked' | 'nothing_to_release',
    detail: string,
  ) {
    super(detail);
  }
}
