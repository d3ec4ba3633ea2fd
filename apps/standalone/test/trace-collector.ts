import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  name: string;
  service: string;
  kind: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  /** Trace ids of its links. */
  links: string[];
  attributes: Record<string, unknown>;
  startMs: number;
  endMs: number;
  failed: boolean;
}

/** What OTLP/HTTP carries as JSON (opentelemetry-proto, ExportTraceServiceRequest), as far as it is looked at here. */
interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        name: string;
        kind: number;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        links?: { traceId: string }[];
        attributes?: Attribute[];
        startTimeUnixNano: string;
        endTimeUnixNano: string;
        status?: { code?: number };
      }[];
    }[];
  }[];
}

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string; arrayValue?: unknown };
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

/** The other end of OTLP/HTTP: takes the spans of real processes. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  /** Everything as it came. */
  readonly bodies: string[] = [];

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.#take(Buffer.concat(chunks).toString('utf8'));
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      });
    });
  }

  static async start(): Promise<TraceCollector> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TraceCollector(server);
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/v1/traces`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  trace(traceId: string): CollectedSpan[] {
    return this.spans.filter((span) => span.traceId === traceId).sort((a, b) => a.startMs - b.startMs);
  }

  /** The steps that led to one, from the first of its trace that is here. */
  pathTo(span: CollectedSpan): CollectedSpan[] {
    const parent = this.spans.find(({ spanId, traceId }) => traceId === span.traceId && spanId === span.parentSpanId);
    return parent ? [...this.pathTo(parent), span] : [span];
  }

  /** A trace as people read it: each step below what led to it, with when it began after the first and how long it took. */
  render(traceId: string): string {
    const spans = this.trace(traceId);
    const known = new Set(spans.map(({ spanId }) => spanId));
    const first = spans[0]?.startMs ?? 0;
    const lines: string[] = [];
    const below = (parent: string | undefined, depth: number) => {
      for (const span of spans) {
        const isHere = parent === undefined ? !known.has(span.parentSpanId ?? '') : span.parentSpanId === parent;
        if (!isHere) continue;
        const name = `${'  '.repeat(depth)}${span.name}`.padEnd(64);
        const times = `${`+${(span.startMs - first).toFixed(1)}`.padStart(8)} ms ${(span.endMs - span.startMs).toFixed(1).padStart(7)} ms`;
        lines.push(`${name} ${span.kind.padEnd(9)} ${span.service.padEnd(12)} ${times}${span.failed ? '  failed' : ''}`);
        below(span.spanId, depth + 1);
      }
    };
    below(undefined, 0);
    return lines.join('\n');
  }

  #take(body: string): void {
    this.bodies.push(body);
    const { resourceSpans } = JSON.parse(body) as ExportRequest;
    for (const { resource, scopeSpans } of resourceSpans) {
      const service = String(valuesOf(resource.attributes)['service.name']);
      for (const span of scopeSpans.flatMap(({ spans }) => spans)) {
        this.spans.push({
          name: span.name,
          service,
          kind: kinds[span.kind] ?? 'unspecified',
          traceId: span.traceId,
          spanId: span.spanId,
          parentSpanId: span.parentSpanId,
          links: (span.links ?? []).map(({ traceId }) => traceId),
          attributes: valuesOf(span.attributes ?? []),
          startMs: Number(BigInt(span.startTimeUnixNano) / 1_000n) / 1_000,
          endMs: Number(BigInt(span.endTimeUnixNano) / 1_000n) / 1_000,
          failed: span.status?.code === 2,
        });
      }
    }
  }
}

const valuesOf = (attributes: readonly Attribute[]): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.arrayValue]));
