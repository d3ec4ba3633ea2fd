import { connect, createServer } from 'node:net';

/**
 * Below the system's ephemeral range (32768 and up on Linux): there, a client that keeps trying to reach a stopped service can be given the service's
 * own port for its end of the connection, and the service cannot come back.
 */
const firstPort = 20_000;
const lastPort = 31_999;

const handedOut = new Set<number>();

/** A port of 127.0.0.1 between 20000 and 31999 that nobody listens on and that this process has not been given before. */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 1_000; attempt += 1) {
    const port = firstPort + Math.floor(Math.random() * (lastPort - firstPort + 1));
    if (handedOut.has(port) || !(await isFree(port))) continue;
    handedOut.add(port);
    return port;
  }
  throw new Error(`no free port between ${firstPort} and ${lastPort}`);
}

export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * Sends bytes to a port of 127.0.0.1 and says whether what comes back is the answer hoped for. False also for no connection and for silence.
 * @param accepts gets all that has come so far; undefined = read on
 */
export function answers(
  port: number,
  request: Buffer,
  accepts: (reply: Buffer) => boolean | undefined,
  timeoutMs = 1_000,
): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let reply = Buffer.alloc(0);
    const end = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.setTimeout(timeoutMs, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('connect', () => socket.write(request));
    socket.on('data', (chunk) => {
      reply = Buffer.concat([reply, chunk]);
      const verdict = accepts(reply);
      if (verdict !== undefined) end(verdict);
    });
  });
}
