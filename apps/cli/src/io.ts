/** Where a command writes. Tests give their own. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** A terminal: lines may be drawn again. */
  readonly isTerminal: boolean;
}

export const processIo: Io = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  isTerminal: process.stdout.isTTY,
};

/** JSON for people and machines; log positions are bigints and become decimal text. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each), 2);

/** What is computed once and shown in one of two ways. */
export function show(io: Io, json: boolean, value: unknown, text: () => string): void {
  io.out(`${json ? toJson(value) : text()}\n`);
}
