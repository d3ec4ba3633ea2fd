import { serviceNames, type ServiceName } from '@tongbao/service';

interface Replica {
  url: string;
  ready: boolean;
}

const askEveryMs = 1_000;
const answerWithinMs = 2_000;

/** The processes of each service, and which of them are ready. */
export class Replicas {
  readonly #all = new Map<ServiceName, Replica[]>(serviceNames.map((name) => [name, []]));
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> = Promise.resolve();

  /** @param routes `service=address` pairs */
  constructor(routes: readonly string[]) {
    for (const name of serviceNames)
      for (const route of routes) if (route.startsWith(`${name}=`)) this.of(name).push({ url: route.slice(name.length + 1), ready: true });
  }

  /** Services that no address is given for. */
  missing(): ServiceName[] {
    return serviceNames.filter((name) => this.of(name).length === 0);
  }

  /** Asks every process, again and again, whether it is ready. */
  async start(): Promise<void> {
    await this.#ask();
    this.#timer = setInterval(() => {
      this.#asking = this.#ask();
    }, askEveryMs);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#asking;
  }

  /** A ready process of the service, each in its turn; where none is ready any one, for its answer says what is wrong. */
  pick(service: ServiceName): string {
    const all = this.of(service);
    const ready = all.filter((replica) => replica.ready);
    const candidates = ready.length > 0 ? ready : all;
    this.#turn += 1;
    const picked = candidates[this.#turn % candidates.length];
    if (!picked) throw new Error(`no process of ${service} is known`);
    return picked.url;
  }

  /** It could not be reached: nothing is sent there until it is ready again. */
  failed(url: string): void {
    for (const replicas of this.#all.values()) for (const replica of replicas) if (replica.url === url) replica.ready = false;
  }

  of(service: ServiceName): Replica[] {
    return this.#all.get(service) ?? [];
  }

  async #ask(): Promise<void> {
    const everyOne = [...this.#all.values()].flat();
    await Promise.all(everyOne.map(async (replica) => (replica.ready = await isReady(replica.url))));
  }
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/ready`, { signal: AbortSignal.timeout(answerWithinMs) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    // Not to answer is the answer.
    return false;
  }
}
