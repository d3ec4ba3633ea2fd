import type { Consumer, EachBatchPayload, Kafka, Producer } from 'kafkajs';
import type { Life } from './mortal.js';

const never = () => new Promise<never>(() => undefined);

/** The brokers as a mortal process sees them: once it is dead, nothing that it sends or commits is taken, and it is no member of any group. */
export class MortalKafka {
  readonly kafka: Kafka;
  readonly #clients: { disconnect(): Promise<void> }[] = [];

  constructor(
    real: Kafka,
    private readonly life: Life,
  ) {
    this.kafka = withMethods(real, {
      producer: (config) => this.#producer(real.producer(config)),
      consumer: (config) => this.#consumer(real.consumer(config)),
    });
  }

  /** Its groups need not miss it first: what that takes is for other cases. */
  async depart(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.disconnect()));
  }

  #producer(producer: Producer): Producer {
    this.#clients.push(producer);
    return withMethods(producer, {
      send: (record) => this.life.write(() => producer.send(record)),
      sendBatch: (batch) => this.life.write(() => producer.sendBatch(batch)),
    });
  }

  #consumer(consumer: Consumer): Consumer {
    let joining: Promise<void> = Promise.resolve();
    this.#clients.push({
      // kafkajs cannot stop while it joins: it would be a member afterwards, until it is missed.
      disconnect: () => joining.then(() => consumer.disconnect()),
    });
    return withMethods(consumer, {
      connect: () => (this.life.dead ? never() : consumer.connect()),
      run: ({ eachBatch, ...config } = {}) => {
        if (this.life.dead) return never();
        joining = consumer.run({ ...config, eachBatch: (payload) => this.#take(payload, eachBatch) });
        return joining;
      },
    });
  }

  async #take(payload: EachBatchPayload, eachBatch?: (payload: EachBatchPayload) => Promise<void>): Promise<void> {
    if (this.life.dead) return;
    const commit = (offsets: Parameters<EachBatchPayload['commitOffsetsIfNecessary']>[0]) =>
      this.life.write(() => payload.commitOffsetsIfNecessary(offsets));
    await eachBatch?.({ ...payload, commitOffsetsIfNecessary: commit });
  }
}

/** The object, but for some of its methods. */
const withMethods = <T extends object>(target: T, methods: Partial<T>): T =>
  new Proxy(target, {
    get(object, name): unknown {
      const replaced: unknown = Reflect.get(methods, name);
      const value: unknown = replaced ?? Reflect.get(object, name, object);
      return typeof value === 'function' && !replaced ? (value.bind(object) as unknown) : value;
    },
  });
