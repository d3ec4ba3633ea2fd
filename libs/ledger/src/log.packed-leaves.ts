/**
 * Leaves of one journal event as the text of a row: canonical JSON, a line each. Half of what a row costs on its way into the database is the quotation
 * marks, each escaped on one side and put right on the other; so DEL stands for them, which no leaf has (one that has is kept as it is, and is known by
 * its quotation marks).
 */
export function packLeaves(leaves: readonly Uint8Array[]): string {
  const lines = leaves.map((leaf) => Buffer.from(leaf.buffer, leaf.byteOffset, leaf.length).toString()).join('\n');
  return lines.includes(standIn) ? lines : lines.replaceAll('"', standIn);
}

export const unpackLeaves = (packed: string): Uint8Array[] =>
  (packed.includes('"') ? packed : packed.replaceAll(standIn, '"')).split('\n').map((leaf) => Buffer.from(leaf));

const standIn = '\x7f';
