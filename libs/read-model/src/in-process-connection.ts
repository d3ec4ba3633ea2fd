import { Outage } from '@tongbao/event-store';
import type { PgliteHost } from './pglite.host.js';
import type { Answer, SqlConnection } from './sql-connection.js';
import { errorOf } from './sql-error.js';

/** PGlite in the caller's own thread: for tests and small tools. */
export class InProcessConnection implements SqlConnection {
  #dead: Outage | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly host: PgliteHost,
    private readonly onFatal: (error: Error) => void,
  ) {}

  ask(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    const answer = this.#last.then(() => this.#ask(sql, parameters));
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    if (this.#dead) return;
    await this.#last;
    this.#dead = new Outage('the read-model database has been closed');
    await this.host.close();
  }

  async #ask(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    if (this.#dead) throw this.#dead;
    const reply = await this.host.ask(sql, parameters).catch((crash: unknown) => {
      this.#dead = new Outage(`the read-model database has died: ${String(crash)}`, { cause: crash });
      this.onFatal(this.#dead);
      throw this.#dead;
    });
    if ('failure' in reply) throw errorOf(reply.failure);
    return reply.answer;
  }
}
