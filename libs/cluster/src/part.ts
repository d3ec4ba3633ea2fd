import type { LocalService } from '@tongbao/local-services';

/** A server that a cluster runs: may be stopped, killed, held and started again on its data. */
export class Part {
  #running: Pick<LocalService, 'pid' | 'signal' | 'stop' | 'kill'> | undefined;

  constructor(
    readonly name: string,
    private readonly launch: () => Promise<Pick<LocalService, 'pid' | 'signal' | 'stop' | 'kill'>>,
  ) {}

  get pid(): number | undefined {
    return this.#running?.pid;
  }

  async start(): Promise<void> {
    this.#running ??= await this.launch();
  }

  async stop(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.stop();
  }

  /** Pulls the plug. */
  async kill(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    await running?.kill();
  }

  signal(name: NodeJS.Signals): void {
    this.#running?.signal(name);
  }
}
