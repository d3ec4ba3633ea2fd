import { connect } from 'node:net';
import { asOutage, createKafka, isLoginRefused, type KafkaConnection } from '@tongbao/bus';
import { Outage } from '@tongbao/event-store';
import type { Admin } from 'kafkajs';
import { CommandFailed } from './exit-codes.js';

/**
 * Asks brokers something.
 * @throws what `withBrokers` throws
 */
export function withAdmin<T>(connection: KafkaConnection, work: (admin: Admin) => Promise<T>): Promise<T> {
  return withBrokers(connection, async () => {
    const admin = createKafka(connection).admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  });
}

/**
 * Tells what brokers refuse in words.
 * @throws Outage when none of them can be reached, CommandFailed when they do not let this user do it
 */
export async function withBrokers<T>({ brokers, username }: KafkaConnection, work: () => Promise<T>): Promise<T> {
  // The client tries for half a minute, as a service should; somebody at a terminal is told at once.
  if (!(await Promise.all(brokers.map(isListening))).includes(true)) throw new Outage(`no broker answers at ${brokers.join(', ')}`);
  try {
    return await work();
  } catch (error) {
    const user = username ? `the user ${username}` : 'whoever does not log in';
    if (isLoginRefused(error)) throw new CommandFailed(`the brokers refuse ${user}`, { cause: error });
    const refusal = refusalIn(error);
    if (refusal === 'SECURITY_DISABLED')
      throw new CommandFailed('these brokers have no authorizer: everybody may do everything', { cause: error });
    if (refusal?.endsWith('AUTHORIZATION_FAILED'))
      throw new CommandFailed(`the brokers do not allow that to ${user}: ${refusal}`, { cause: error });
    throw asOutage(error);
  }
}

/** The name of the protocol's error, anywhere among the causes. */
function refusalIn(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  return 'type' in error && typeof error.type === 'string' ? error.type : refusalIn(error.cause);
}

const listensWithinMs = 3_000;

/** @param broker `host:port` */
function isListening(broker: string): Promise<boolean> {
  const colon = broker.lastIndexOf(':');
  return new Promise((resolve) => {
    const socket = connect({ host: broker.slice(0, colon), port: Number(broker.slice(colon + 1)), timeout: listensWithinMs });
    const end = (listens: boolean) => {
      socket.destroy();
      resolve(listens);
    };
    socket
      .once('connect', () => end(true))
      .once('timeout', () => end(false))
      .once('error', () => end(false));
  });
}
