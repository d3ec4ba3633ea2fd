import type { ServerWritableStream } from '@grpc/grpc-js';
import type { streams } from './protocol.js';
import { failureOf } from './rpc-errors.js';

/** A read call, whose responses are encoded already. */
export type ReadCall = ServerWritableStream<streams.ReadReq, Buffer>;

/** The sending side of a read: keeps the client's pace, and ends once. */
export class Outlet {
  readonly #call: ReadCall;
  readonly #onClose: (() => void)[] = [];
  #resume: (() => void) | undefined;
  #isClosed = false;

  constructor(call: ReadCall) {
    this.#call = call;
    const close = () => this.#close();
    call.on('drain', () => this.#continue());
    call.on('cancelled', close);
    call.on('close', close);
    call.on('error', close);
  }

  /** The client is gone, or the call has been ended. */
  isClosed(): boolean {
    return this.#isClosed;
  }

  onClose(listener: () => void): void {
    this.#onClose.push(listener);
  }

  /** Sends a message. What it returns, if anything, must be awaited before the next: the client does not keep up. */
  send(message: Buffer): Promise<void> | undefined {
    if (this.#isClosed || this.#call.write(message)) return undefined;
    return new Promise((resolve) => (this.#resume = resolve));
  }

  end(): void {
    if (this.#isClosed) return;
    this.#close();
    this.#call.end();
  }

  fail(error: unknown): void {
    if (this.#isClosed) return;
    this.#close();
    this.#call.emit('error', failureOf(error));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#continue();
    for (const listener of this.#onClose) listener();
  }

  #continue(): void {
    this.#resume?.();
    this.#resume = undefined;
  }
}
