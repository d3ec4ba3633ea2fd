import proxy from '@fastify/http-proxy';
import { namesOf, observeRequests, serviceNames, servicePaths, sharedPaths, type ServiceName } from '@tongbao/service';
import { metrics, tracing } from '@tongbao/telemetry';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { Replicas } from './replicas.js';
import { askAll, notFound, sumOfDescriptions, sumOfHealth, sumOfItems, unavailable, type Summed } from './sums.js';

export interface GatewayOptions {
  host: string;
  port: number;
  /** Its figures are for the inside: the other port is the public one. */
  metricsPort: number;
  /** `service=address` pairs. */
  routes: readonly string[];
  logger: Logger;
}

/** One address for all services: passes each request on to a ready process of the service it is for, and adds up what every service answers for itself. */
export class Gateway {
  private constructor(
    readonly url: string,
    readonly metricsUrl: string,
    private readonly servers: readonly FastifyInstance[],
    private readonly replicas: Replicas,
  ) {}

  /** @throws Error when a service has no address */
  static async start({ host, port, metricsPort, routes, logger }: GatewayOptions): Promise<Gateway> {
    const replicas = new Replicas(routes);
    if (replicas.missing().length > 0) throw new Error(`GATEWAY_ROUTES names no process of ${replicas.missing().join(', ')}`);
    const server = fastify({ forceCloseConnections: 'idle' });
    observeRequests(server);
    for (const service of serviceNames) for (const prefix of pathsOf(service)) passOn(server, replicas, service, prefix, logger);
    addUp(server, replicas);
    server.setNotFoundHandler((request, reply) => answer(reply, notFound(`${request.method} ${request.url}`)));
    await replicas.start();
    const inside = metricsServer();
    const metricsUrl = `${await listen(inside, host, metricsPort)}/metrics`;
    return new Gateway(await listen(server, host, port), metricsUrl, [server, inside], replicas);
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    await this.replicas.stop();
  }
}

const listen = async (server: FastifyInstance, host: string, port: number): Promise<string> =>
  (await server.listen({ host, port })).replace('[::1]', '127.0.0.1');

function metricsServer(): FastifyInstance {
  const server = fastify({ forceCloseConnections: 'idle' });
  server.get('/metrics', async (_, reply) => reply.header('content-type', metrics.contentType).send(await metrics.text()));
  return server;
}

/** Where the gateway's own step of a trace is, in place of what the sender said. */
function traceHeaders(): Record<string, string> {
  const { traceparent } = tracing;
  return traceparent === undefined ? {} : { traceparent };
}

const pathsOf = (service: ServiceName): string[] => [
  ...servicePaths[service],
  ...sharedPaths.flatMap((path) => namesOf(service).map((name) => `${path}/${name}`)),
];

function passOn(server: FastifyInstance, replicas: Replicas, service: ServiceName, prefix: string, logger: Logger): void {
  const picked = new WeakMap<object, string>();
  void server.register(proxy, {
    prefix,
    rewritePrefix: prefix,
    upstream: '',
    // The services answer every problem themselves; an idle stream of events is no problem.
    undici: { connections: 256, pipelining: 1, headersTimeout: 60_000, bodyTimeout: 0 },
    // A request is repeated by its sender, who knows whether it may be.
    retryMethods: [],
    replyOptions: {
      getUpstream: (request) => {
        const url = replicas.pick(service);
        picked.set(request, url);
        return url;
      },
      // Signatures are over the host that the sender asked.
      rewriteRequestHeaders: (request, headers) => ({ ...headers, host: request.headers.host, ...traceHeaders() }),
      onError: (reply, { error }) => {
        logger.warn({ err: error, service }, 'a request could not be passed on');
        const url = picked.get(reply.request);
        if (url !== undefined) replicas.failed(url);
        const { status, body } = unavailable(service);
        void reply.status(status).header('retry-after', '1').header('content-type', 'application/problem+json').send(JSON.stringify(body));
      },
    },
  });
}

function addUp(server: FastifyInstance, replicas: Replicas): void {
  server.get('/health/live', () => ({ status: 'ok', problems: [] }));
  server.get('/health/ready', async (_, reply) => answer(reply, sumOfHealth(await askAll(replicas, '/health/ready', {}))));
  server.get('/openapi.json', async (_, reply) => answer(reply, sumOfDescriptions(await askAll(replicas, '/openapi.json', {}))));
  for (const path of sharedPaths)
    server.get(path, async (request, reply) => answer(reply, sumOfItems(await askAll(replicas, path, credentialsOf(request)))));
}

const credentialsOf = ({ headers: { authorization } }: FastifyRequest): Record<string, string> => (authorization ? { authorization } : {});

function answer(reply: FastifyReply, { status, body }: Summed): FastifyReply {
  if (status === 503) void reply.header('retry-after', '1');
  return reply
    .status(status)
    .header('content-type', status < 400 ? 'application/json' : 'application/problem+json')
    .send(JSON.stringify(body));
}
