import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { openCheckpoint, parseCheckpoint, type Checkpoint, type LogIdentity } from './checkpoint.js';
import { LogRefused } from './log-refused.js';
import { formatVerifierKey, parseSignerKey, parseVerifierKey, type SignerKey } from './note.keys.js';
import { formatNote, formatSignature, parseNote, signNote } from './note.js';
import { decideCheckpoint, type WitnessVerdict } from './witness.decide.js';
import { parseWitnessRequest, type WitnessRequest } from './witness.request.js';
import { originHash, WitnessState } from './witness.state.js';

export interface WitnessOptions {
  /** 0 for any that is free. */
  readonly port: number;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Of the witness, as it stands in its key. */
  readonly name: string;
  /** `PRIVATE+KEY+<name>+<id>+<base64>`, of type 0x04. */
  readonly privateKey: string;
  /** For what it remembers; it must be on a disk that keeps what it has synced. */
  readonly dataDir: string;
  /** Who is witnessed; the keys as `<name>+<id>+<base64>`. */
  readonly logs: readonly { readonly origin: string; readonly verifierKey: string }[];
  /** Called when a checkpoint is cosigned and on the disk, before the answer goes out. */
  readonly onCosigned?: (checkpoint: Checkpoint) => void;
  /** Called with what made an answer of 500. */
  readonly onFailure?: (error: unknown) => void;
  /** Seconds since 1970. */
  readonly now?: () => number;
}

export interface RunningWitness {
  readonly url: string;
  readonly port: number;
  /** What logs and verifiers need to know of it. */
  readonly verifierKey: string;
  /** Ends when all requests are answered. */
  stop(): Promise<void>;
}

interface Answer {
  readonly status: number;
  readonly body: string;
  readonly type?: string;
}

/** A checkpoint with 100 signatures of the largest kind. */
const maxBodyLength = 1_000_000;

const systemSeconds = (): number => Math.floor(Date.now() / 1_000);

/**
 * A witness of other people's logs, as in C2SP tlog-witness: `POST /add-checkpoint`, and `GET /<SHA-256 of the origin>/checkpoint` for monitors.
 * It speaks plain HTTP; put TLS before it.
 * @throws LogRefused for keys that are none; Error when the folder is in use, what is in it is damaged, or the port is taken
 */
export async function startWitness(options: WitnessOptions): Promise<RunningWitness> {
  const key = parseSignerKey(options.privateKey);
  const { name, type } = key.verifier;
  if (name !== options.name) throw new LogRefused('key_name', `the key is that of ${name}, not of ${options.name}`);
  if (type !== 'cosignature') throw new LogRefused('key_type', `the key of ${name} is not one for cosignatures`);
  const logs = new Map(options.logs.map(({ origin, verifierKey }) => [origin, { origin, key: parseVerifierKey(verifierKey) }]));
  const state = await WitnessState.open(options.dataDir);
  try {
    const witness = new Witness(key, logs, state, options);
    await witness.check();
    const server = createServer((request, response) => void witness.serve(request, response));
    const port = await listen(server, options);
    const host = options.host ?? '127.0.0.1';
    const stop = async (): Promise<void> => {
      await closed(server);
      await state.close();
    };
    return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, port, verifierKey: formatVerifierKey(key.verifier), stop };
  } catch (error) {
    await state.close();
    throw error;
  }
}

class Witness {
  constructor(
    private readonly key: SignerKey,
    private readonly logs: ReadonlyMap<string, LogIdentity>,
    private readonly state: WitnessState,
    private readonly options: WitnessOptions,
  ) {}

  /** What is remembered of each log can be read: a witness that took damage for a log never seen would cosign any history. */
  async check(): Promise<void> {
    for (const log of this.logs.values()) await this.#witnessed(log);
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { status, body, type = 'text/plain; charset=utf-8' } = await this.#answer(request);
    // A body that was not read to its end would be taken for the next request.
    if (!request.complete) response.setHeader('connection', 'close');
    response.writeHead(status, { 'content-type': type, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    try {
      const { pathname } = new URL(request.url ?? '/', 'http://witness');
      if (pathname === '/add-checkpoint') {
        if (request.method !== 'POST') return { status: 405, body: 'add-checkpoint is a POST\n' };
        const body = await readBody(request);
        return body === undefined ? { status: 413, body: `more than ${maxBodyLength} bytes\n` } : await this.#addCheckpoint(body);
      }
      return await this.#lastCheckpoint(pathname);
    } catch (error) {
      if (error instanceof LogRefused) return refused(error);
      this.options.onFailure?.(error);
      return { status: 500, body: 'the witness failed; the same request may succeed later\n' };
    }
  }

  async #addCheckpoint(body: string): Promise<Answer> {
    const request = parseWitnessRequest(body);
    const { origin } = parseCheckpoint(parseNote(request.checkpoint).text);
    const log = this.logs.get(origin);
    if (!log) throw new LogRefused('log_unknown', `${origin} is not witnessed here`);
    return await this.state.inTurn(origin, () => this.#cosign(request, log));
  }

  async #cosign(request: WitnessRequest, log: LogIdentity): Promise<Answer> {
    const { checkpoint, note } = openCheckpoint(request.checkpoint, log);
    const verdict = decideCheckpoint(request, checkpoint, await this.#witnessed(log));
    if (verdict.verdict !== 'cosign') return answerOf(verdict);
    const cosignature = signNote(note.text, this.key, (this.options.now ?? systemSeconds)());
    const ofLog = note.signatures.filter(({ name, id }) => name === log.key.name && id === log.key.id);
    await this.state.write(log.origin, formatNote({ text: note.text, signatures: [...ofLog, cosignature] }));
    this.options.onCosigned?.(checkpoint);
    return { status: 200, body: formatSignature(cosignature) };
  }

  async #witnessed(log: LogIdentity): Promise<Checkpoint | undefined> {
    const stored = await this.state.read(log.origin);
    return stored === undefined ? undefined : openCheckpoint(stored, log).checkpoint;
  }

  async #lastCheckpoint(pathname: string): Promise<Answer> {
    const log = [...this.logs.values()].find(({ origin }) => pathname === `/${originHash(origin)}/checkpoint`);
    const stored = log && (await this.state.read(log.origin));
    return stored === undefined ? { status: 404, body: 'there is nothing here\n' } : { status: 200, body: stored };
  }
}

function refused({ code, message }: LogRefused): Answer {
  if (code === 'log_unknown') return { status: 404, body: `${message}\n` };
  return { status: code === 'log_signature_missing' || code === 'log_signature_invalid' ? 403 : 400, body: `${message}\n` };
}

function answerOf(verdict: Exclude<WitnessVerdict, { verdict: 'cosign' }>): Answer {
  switch (verdict.verdict) {
    case 'other_size':
      return { status: 409, body: `${verdict.size}\n`, type: 'text/x.tlog.size' };
    case 'old_size_too_large':
      return { status: 400, body: `${verdict.verdict}: the old size is larger than the checkpoint's\n` };
    case 'root_differs':
      return { status: 422, body: `${verdict.verdict}: the checkpoint has another root at the size that was cosigned\n` };
    case 'root_not_empty':
      return { status: 422, body: `${verdict.verdict}: the root of no leaves is the hash of nothing\n` };
    case 'proof_wrong':
      return { status: 422, body: `${verdict.verdict}: the checkpoint is not shown to continue what was cosigned\n` };
    default:
      return verdict satisfies never;
  }
}

/** Undefined when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  // The connection is still needed for the answer.
  const body: AsyncIterable<Buffer> = request.iterator({ destroyOnReturn: false });
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBodyLength) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const listen = (server: Server, { port, host = '127.0.0.1' }: WitnessOptions): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });

const closed = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
