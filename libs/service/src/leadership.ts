/** Work that only one process of a service may do at a time: its relay, its projection, its timers, the ledger's writer. */
export interface Leadership {
  /**
   * Begins the work once this process leads, in the order of the calls, and at most once in a process's life: a process that has lost its lead
   * ends, and starts again as a standby. Resolves at once on a standby; where this process leads already, when the work has begun.
   * @param begin gets the epoch: higher than that of every earlier leader
   */
  undertake(what: string, begin: (epoch: number) => Promise<void>): Promise<void>;
  readonly leads: boolean;
  /** Of the lead that this process has. */
  readonly epoch?: number | undefined;
  /** Where the leading process is reached, when it is another one and known. */
  readonly leaderUrl: string | undefined;
}

/** @throws Error when the process does not host the service */
export function leadershipOf(all: ReadonlyMap<string, Leadership>, service: string): Leadership {
  const leadership = all.get(service);
  if (!leadership) throw new Error(`this process does not host the service ${service}`);
  return leadership;
}

/** The only process of its services: it leads from the beginning. */
export const soleLeader: Leadership = {
  undertake: (_, begin) => begin(0),
  leads: true,
  epoch: 0,
  leaderUrl: undefined,
};
