import type { Market } from './market.js';

export interface Told {
  type: string;
  // The tests look into news of every kind.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  data: any;
}

/** What platform A is told from the beginning on, in its order (server-sent events): what the notification service has taken from Kafka. */
export class News {
  readonly told: Told[] = [];
  readonly #ending = new AbortController();
  readonly #reading: Promise<void>;

  constructor(market: Market) {
    this.#reading = this.#read(market);
    // What went wrong is told when it is closed.
    this.#reading.catch(() => undefined);
  }

  /** About a payment, a settlement or a payout. */
  about(subject: string): Told[] {
    return this.told.filter(({ data }) => [data.paymentId, data.settlementId, data.payoutId].includes(subject));
  }

  async close(): Promise<void> {
    this.#ending.abort();
    await this.#reading;
  }

  async #read(market: Market): Promise<void> {
    const { signal } = this.#ending;
    try {
      const { body } = await market.follow('auditor', '/v1/events?platform=A&lastEventId=start', signal);
      let rest = '';
      for await (const part of body!.pipeThrough(new TextDecoderStream())) {
        const lines = `${rest}${part}`.split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) if (line.startsWith('data: ')) this.told.push(JSON.parse(line.slice(6)) as Told);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}
