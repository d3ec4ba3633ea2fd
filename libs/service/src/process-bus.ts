import {
  Bus,
  createKafka,
  EmbeddedTransport,
  KafkaRelay,
  KafkaTransport,
  RelayFenced,
  type Incident,
  type KafkaConnection,
  type MessageCheck,
} from '@tongbao/bus';
import type { EventStore, LogFeed } from '@tongbao/event-store';
import { checkMessage, checkReceived, compileChecks } from '@tongbao/contracts/check-message';
import type { LoopWatch } from '@tongbao/telemetry';
import { leadershipOf, type Leadership } from './leadership.js';
import type { RelayStatuses } from './relays.http.js';
import type { ServiceProcessOptions } from './service-process.js';

/** A process's bus, and what publishes to it. */
export interface ProcessBus {
  bus: Bus;
  relays: RelayStatuses;
  stop(): Promise<void>;
}

interface BusParts {
  options: ServiceProcessOptions;
  store: EventStore;
  feed: LogFeed;
  loops: LoopWatch;
  leaderships: ReadonlyMap<string, Leadership>;
}

/** Kafka where brokers are configured, else the embedded bus. */
export function busOf(parts: BusParts): Promise<ProcessBus> {
  return parts.options.config.kafkaBrokers.length > 0 ? kafkaBus(parts) : Promise.resolve(embeddedBus(parts));
}

function embeddedBus({ options, store, feed, loops }: BusParts): ProcessBus {
  const transport = new EmbeddedTransport({ store, feed, publishers: options.services.map(({ publisher }) => publisher) });
  const bus = new Bus({ transport, store, loops, onIncident: onIncident(options) });
  return { bus, relays: () => transport.relays(), stop: () => bus.stop() };
}

async function kafkaBus({ options, store, feed, loops, leaderships }: BusParts): Promise<ProcessBus> {
  const { config, logger, title, services } = options;
  const connection: KafkaConnection = {
    brokers: config.kafkaBrokers,
    clientId: title.replaceAll(' ', '-'),
    username: config.kafkaUsername,
    password: config.kafkaPassword,
    tls: config.kafkaTls,
    onLog: ({ level, origin, message, details }) => logger[level]({ origin, ...details }, message),
  };
  const kafka = createKafka(connection);
  compileChecks();
  const onTrouble = (what: string, error: unknown) => logger.warn({ err: error, what }, 'waits for something that is down');
  const transport = new KafkaTransport({ ...connection, kafka, loops, onTrouble });
  const bus = new Bus({ transport, store, loops, check: checkReceived, onIncident: onIncident(options) });
  const relays: KafkaRelay[] = [];
  for (const { name, publisher } of services) {
    if (publisher.categories.length === 0) continue;
    const leadership = leadershipOf(leaderships, name);
    await leadership.undertake(`the relay of ${name}`, async () => {
      const onFailure = (error: unknown) => {
        // The checkpoint was taken, or reset by ops: whoever leads next begins where it is.
        if (error instanceof RelayFenced) options.onFatal(error);
        else logger.fatal({ err: error, service: name }, 'the relay stands still');
      };
      relays.push(await KafkaRelay.start({ kafka, store, feed, publisher, leads: () => leadership.leads, check, onFailure }));
    });
  }
  return {
    bus,
    relays: () => relays.map((relay) => relay.status()),
    stop: async () => {
      await Promise.all(relays.map((relay) => relay.stop()));
      await bus.stop();
    },
  };
}

const check: MessageCheck = ({ topic, type, data }) => checkMessage(topic, type, data);

const onIncident =
  ({ logger }: ServiceProcessOptions) =>
  (incident: Incident): void =>
    logger.error({ incident, err: incident.error }, 'the bus met something that it could not handle');
