import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** Stands between a client and its server, and can keep back what the server answers. */
export class BrokenLine {
  #isSilent = false;

  private constructor(
    private readonly server: Server,
    private readonly sockets: ReadonlySet<Socket>,
  ) {}

  static async to(port: number): Promise<BrokenLine> {
    const sockets = new Set<Socket>();
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1');
      for (const socket of [client, upstream]) {
        sockets.add(socket);
        socket.on('error', () => socket.destroy());
      }
      client.on('data', (data) => upstream.write(data)).on('close', () => upstream.destroy());
      upstream
        .on('data', (data) => {
          if (!line.#isSilent) client.write(data);
        })
        .on('close', () => client.destroy());
    });
    const line = new BrokenLine(server, sockets);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return line;
  }

  get port(): number {
    // It listens on a port.
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on what is asked arrives, and no answer comes back. */
  silence(): void {
    this.#isSilent = true;
  }

  /** Cuts every connection; those that come are good again. */
  mend(): void {
    this.#isSilent = false;
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
