import { connect, Socket } from 'node:net';
import kafkajs from 'kafkajs';
import type { Kafka } from 'kafkajs';
import { createKafka, type KafkaConnection } from '../src/index.js';

/** The way from one process to the brokers, which can be held up or cut. */
export class FragileNetwork {
  readonly #sockets = new Set<Socket>();
  #isFrozen = false;
  #isCut = false;

  /** A client as the bus makes it, but over this network. */
  connect({ brokers, clientId }: KafkaConnection): Kafka {
    // For what it mends in kafkajs.
    createKafka({ brokers, clientId });
    return new kafkajs.Kafka({
      brokers: [...brokers],
      clientId,
      connectionTimeout: 3_000,
      requestTimeout: 15_000,
      // So few that a client gives up soon after the network is cut.
      retry: { initialRetryTime: 100, maxRetryTime: 500, factor: 0.2, multiplier: 1.5, retries: 3 },
      logLevel: kafkajs.logLevel.NOTHING,
      socketFactory: ({ host, port, onConnect }) => this.#open(host, port, onConnect),
    });
  }

  /** As SIGSTOP does: nothing comes or goes, and nothing is lost. */
  freeze(): void {
    this.#isFrozen = true;
    for (const socket of this.#sockets) {
      socket.pause();
      socket.cork();
    }
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const socket of this.#sockets) {
      socket.uncork();
      socket.resume();
    }
  }

  /** For good: nothing comes or goes any more, not even a goodbye. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy(broken('ECONNRESET'));
  }

  #open(host: string, port: number, onConnect: () => void): Socket {
    if (this.#isCut) return new Socket().destroy(broken('ECONNREFUSED'));
    const socket = connect({ host, port }, onConnect);
    if (this.#isFrozen) socket.pause().cork();
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket));
    return socket;
  }
}

const broken = (code: string): Error => Object.assign(new Error('the network is cut'), { code });
