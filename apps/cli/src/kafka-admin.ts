import { asOutage, createKafka, isLoginRefused, type KafkaConnection } from '@tongbao/bus';
import type { Admin } from 'kafkajs';
import { CommandFailed } from './exit-codes.js';

/** Somebody waits at a terminal: brokers that do not answer are told soon. */
const retry = { retries: 2, initialRetryTime: 200, maxRetryTime: 1_000 };

/**
 * Asks brokers something.
 * @throws what `withBrokers` throws
 */
export function withAdmin<T>(connection: KafkaConnection, work: (admin: Admin) => Promise<T>): Promise<T> {
  return withBrokers(connection, async () => {
    const admin = createKafka(connection).admin({ retry });
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
export async function withBrokers<T>({ username }: KafkaConnection, work: () => Promise<T>): Promise<T> {
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
