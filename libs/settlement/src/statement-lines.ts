/** A line of a party's statement. An external one is shown and moves nothing. */
export interface PartyLine {
  /** Log position of the fact; decimal. */
  position: string;
  /** When the fact was recorded. */
  at: string;
  kind: string;
  /** The payment or payout. */
  ref: string;
  counterparty: string;
  amountMinor: number;
  external?: true;
}

/** What one fact does to one party: one line or several. */
export interface PartyMovement {
  position: bigint;
  at: Date;
  ref: string;
  sides: { kind: string; counterparty: string; amountMinor: number; external?: true }[];
}

type Encoded = [
  position: string,
  atMs: number,
  ref: string,
  sides: [kind: string, counterparty: string, amountMinor: number, external?: 1][],
];

/**
 * A line of JSON for each movement: adding one to a chunk is adding to a text, which costs the same however full the chunk is. Kept short, because
 * a payment is in the statements of all its parties.
 */
export function encodeMovement({ position, at, ref, sides }: PartyMovement): string {
  const encoded: Encoded = [
    String(position),
    at.getTime(),
    ref,
    sides.map(({ kind, counterparty, amountMinor, external }) =>
      external ? [kind, counterparty, amountMinor, 1] : [kind, counterparty, amountMinor],
    ),
  ];
  return `${JSON.stringify(encoded)}\n`;
}

/** The statement lines of a chunk, in order. */
export function decodeLines(text: string): PartyLine[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      // Only encodeMovement writes this column.
      const [position, atMs, ref, sides] = JSON.parse(line) as Encoded;
      const at = new Date(atMs).toISOString();
      return sides.map(([kind, counterparty, amountMinor, external]) => ({
        position,
        at,
        kind,
        ref,
        counterparty,
        amountMinor,
        ...(external && { external: true as const }),
      }));
    });
}
