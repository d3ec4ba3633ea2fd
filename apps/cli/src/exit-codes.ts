/** What the process tells whoever started it. */
export const exitCodes = {
  ok: 0,
  /** A check failed, or the hub refused what was asked for. */
  failed: 1,
  /** The command line makes no sense. */
  usage: 2,
  /** The hub, or a server that is asked for it, does not answer. */
  unreachable: 3,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodesHelp = `
Exit codes:
  0  done; every check passed
  1  a check failed, or the hub refused
  2  wrong usage
  3  the hub, its event store or another server of it cannot be reached`;

/** The command line, or what it names, makes no sense. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** A command could not do its work, for a reason that its message tells in full. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed';
}
