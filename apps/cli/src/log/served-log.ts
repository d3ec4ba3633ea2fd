import { setTimeout as delay } from 'node:timers/promises';
import {
  bundlePath,
  LogRefused,
  parseBundle,
  tilePath,
  type BundleId,
  type OpenedCheckpoint,
  type TileSource,
} from '@tongbao/transparency-log';
import { HubUnreachable } from '../hub-client.js';

const timeoutMs = 10_000;
const fullWidth = 256;
const hashLength = 32;
/** How long all in all is waited for tiles that a hub says it will have soon. */
const patienceMs = 5_000;
const unavailable = 503;

/** A log as a hub serves it to everybody. */
export class ServedLog {
  readonly #prefix: string;
  #patienceMs = patienceMs;

  constructor(readonly url: string) {
    this.#prefix = `${url.replace(/\/$/, '')}/log`;
  }

  /** The signed note; undefined when none is served. @throws HubUnreachable */
  checkpoint(): Promise<string | undefined> {
    return this.#text('checkpoint');
  }

  /** What is served of its keys; undefined when nothing is. @throws HubUnreachable */
  keys(): Promise<string | undefined> {
    return this.#text('keys');
  }

  /** @throws LogRefused `tile_missing`, `tile_length`; HubUnreachable */
  readonly tiles: TileSource = async (id) => {
    const { path, bytes, width } = await this.#partOrWhole(id, (each) => tilePath({ ...id, ...each }));
    if (bytes.length !== width * hashLength)
      throw new LogRefused('tile_length', `${path} has ${width * hashLength} bytes, not ${bytes.length}`);
    return bytes;
  };

  /** The leaves of a bundle. @throws LogRefused `tile_missing`, `bundle_length`; HubUnreachable */
  async bundle(id: BundleId): Promise<Uint8Array[]> {
    const { bytes } = await this.#partOrWhole(id, bundlePath);
    return parseBundle(id, bytes);
  }

  /** A partial tile may be gone once it is full: C2SP tlog-tiles, "Partial Tiles". */
  async #partOrWhole(id: BundleId, pathOf: (id: BundleId) => string): Promise<{ path: string; bytes: Uint8Array; width: number }> {
    for (const width of new Set([id.width, fullWidth])) {
      const path = pathOf({ index: id.index, width });
      const bytes = await this.#tile(path);
      if (bytes) return { path, bytes, width };
    }
    throw new LogRefused('tile_missing', `there is no ${pathOf(id)}`);
  }

  /** A hub that is making its tables again says so for a while; one that has lost a tile says so for ever. */
  async #tile(path: string): Promise<Uint8Array | undefined> {
    for (;;) {
      const answer = await this.#fetch(path);
      if (answer !== 'unavailable') return answer;
      if (this.#patienceMs <= 0) return undefined;
      this.#patienceMs -= lookEveryMs;
      await delay(lookEveryMs);
    }
  }

  async #text(path: string): Promise<string | undefined> {
    const answer = await this.#fetch(path);
    if (answer === 'unavailable') throw new HubUnreachable(`${this.#prefix}/${path} answers ${unavailable}`);
    return answer && Buffer.from(answer).toString();
  }

  async #fetch(path: string): Promise<Uint8Array | undefined | 'unavailable'> {
    const url = `${this.#prefix}/${path}`;
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (response.status === 404) return undefined;
      if (response.status === unavailable) return 'unavailable';
      if (!response.ok) throw new Error(`${url} answers ${response.status}`);
      return bytes;
    } catch (error) {
      throw new HubUnreachable(`no log is served at ${url}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

/** What a served checkpoint says, as one of the log's keys has signed it. */
export interface ServedCheckpoint extends OpenedCheckpoint {
  readonly signed: string;
}

/** A checkpoint may be signed a moment before it is served. */
const withinMs = 3_000;
const lookEveryMs = 200;

/**
 * The checkpoint that is served; the newest that is, when none comes that is large enough.
 * @param atLeast size that was signed already, and must be served soon
 * @throws LogRefused; HubUnreachable
 */
export async function servedCheckpoint(
  served: ServedLog,
  open: (signed: string) => OpenedCheckpoint,
  atLeast: number,
): Promise<ServedCheckpoint | undefined> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const signed = await served.checkpoint();
    const opened = signed === undefined ? undefined : open(signed);
    if (opened && signed !== undefined && opened.checkpoint.size >= atLeast) return { ...opened, signed };
    if (performance.now() > giveUpAt || atLeast === 0) return opened && signed !== undefined ? { ...opened, signed } : undefined;
    await delay(lookEveryMs);
  }
}
