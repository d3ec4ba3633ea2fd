import { fromDecimal, hashesOf, toBase64 } from './encoding.js';
import { LogRefused } from './log-refused.js';
import type { Hash } from './merkle.js';

/**
 * Body of a request to a witness (C2SP tlog-witness, "add-checkpoint"):
 *
 *     old <size>
 *     <base64 of a hash>      0 to 63 lines: the consistency proof from the old size
 *     <empty line>
 *     <the signed checkpoint>
 */
export interface WitnessRequest {
  /** Of the checkpoint that the witness cosigned last, as far as the log knows; 0 for none. */
  readonly oldSize: number;
  readonly proof: readonly Hash[];
  /** A signed note. */
  readonly checkpoint: string;
}

const maxProofLength = 63;

export const formatWitnessRequest = ({ oldSize, proof, checkpoint }: WitnessRequest): string =>
  `${[`old ${oldSize}`, ...proof.map(toBase64)].join('\n')}\n\n${checkpoint}`;

/** @throws LogRefused `request_malformed` */
export function parseWitnessRequest(body: string): WitnessRequest {
  const end = body.indexOf('\n\n');
  const [first = '', ...lines] = body.slice(0, Math.max(end, 0)).split('\n');
  const oldSize = first.startsWith('old ') ? fromDecimal(first.slice('old '.length)) : undefined;
  if (oldSize === undefined) throw new LogRefused('request_malformed', 'a request begins with a line such as "old 20852014"');
  if (lines.length > maxProofLength) throw new LogRefused('request_malformed', `${lines.length} hashes are more than ${maxProofLength}`);
  return { oldSize, proof: hashesOf(lines, 'request_malformed'), checkpoint: body.slice(end + 2) };
}
