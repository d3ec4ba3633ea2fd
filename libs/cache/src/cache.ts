/** How much may be taken under a key in a window of time. */
export interface Quota {
  /** What is counted, as an operator reads it in Redis: `requests`. Not whose it is: that belongs in the key. */
  name: string;
  /** Whose it is. May name a person: outside of this process it exists only as a hash. */
  key: string;
  /** To take: an integer from 0 to 2^53 - 1. */
  points: number;
  /** The most that may be taken in one window. */
  maximum: number;
  /** Length of a window in whole seconds. It begins with the first that is taken, and a later one begins when something is taken after its end. */
  seconds: number;
}

export interface Taken {
  /** Gives back what was taken, for something that turned out not to have happened. To be called at most once. */
  giveBack(): Promise<void>;
}

export interface CacheStatus {
  kind: 'memory' | 'redis';
  /** False while Redis does not answer and the process counts for itself. */
  up: boolean;
  /** Connections that failed, and calls that were not answered, since the start. */
  errors: number;
}

/**
 * What processes of a service share for efficiency, and can do without: limits and hints. Every call answers, soon, whatever state Redis is in;
 * nothing here throws. What is kept may be forgotten at any time, so nothing that must be right may rest on it.
 */
export interface Cache {
  /**
   * Takes from all the quotas or from none. Of any number of calls at the same moment, no more succeed than the maximum allows.
   * @param quotas no two of the same name, key and seconds
   * @returns undefined when one of them does not suffice
   */
  take(quotas: readonly Quota[]): Promise<Taken | undefined>;

  /**
   * Whether this was asked before, in the last so many seconds. The first who asks gets false. Something forgotten counts as never asked, so
   * false is only a hint; true is certain.
   */
  seen(name: string, key: string, seconds: number): Promise<boolean>;

  status(): CacheStatus;

  close(): Promise<void>;
}
