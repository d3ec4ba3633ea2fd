import {
  context,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
  type Attributes,
  type Context,
  type Link,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { attribute } from './conventions.js';
import { formatTraceparent, isSampled, parseTraceparent } from './traceparent.js';

export { SpanKind };
export type { Attributes, Span };

/** What a step is, beside its name. No personal data and no secrets: kinds, counts, names of topics and categories. */
export interface Step {
  kind?: SpanKind;
  attributes?: Attributes;
}

type Work<T> = (span?: Span) => Promise<T>;

/** A step of many causes names no more of them. */
const mostLinks = 32;

/**
 * The traces of this process. A trace is followed only where it is recorded, so a step costs nothing while tracing is off (`enabled`, one field to look
 * at) and next to nothing within a request that is not sampled: there then is no active span.
 */
export class Tracing {
  #enabled = false;
  #tracer: Tracer | undefined;

  /** To be asked first wherever a step would need a closure or an object. */
  get enabled(): boolean {
    return this.#enabled;
  }

  begin(tracer: Tracer): void {
    this.#tracer = tracer;
    this.#enabled = true;
  }

  end(): void {
    this.#enabled = false;
    this.#tracer = undefined;
  }

  /** The step that is under way here, if its trace is recorded. */
  get active(): Span | undefined {
    return this.#enabled ? trace.getActiveSpan() : undefined;
  }

  /** For whatever goes on elsewhere: a message, an event, a request to somebody. Undefined outside of every trace. */
  get traceparent(): string | undefined {
    const span = this.active;
    return span && formatTraceparent(span.spanContext());
  }

  /** A step of the active trace; outside of every trace just the work. */
  span<T>(name: string, step: Step, work: Work<T>): Promise<T> {
    return this.active ? this.#run(name, step, context.active(), work) : work();
  }

  /**
   * A step of the trace that something came with (an event, a message), whatever is active here. Where it came with none that is recorded, the
   * work is done outside of every trace: it has nothing to do with what is active here.
   */
  continued<T>(traceparent: string | undefined, name: string, step: Step, work: Work<T>): Promise<T> {
    if (!this.#enabled) return work();
    const parent = sampledContextOf(traceparent);
    return parent ? this.#run(name, step, trace.setSpanContext(ROOT_CONTEXT, parent), work) : this.outside(() => work());
  }

  /**
   * A step with many causes, in their order, such as one append for many facts. Causes of one trace have it as a step of theirs, following the last; of
   * several, it is a trace of its own with links to them; of none that is recorded, it is no step at all.
   */
  caused<T>(causes: Iterable<string | undefined>, name: string, step: Step, work: Work<T>): Promise<T> {
    if (!this.#enabled) return work();
    const sampled = sampledContextsOf(causes);
    const last = sampled.at(-1);
    if (!last) return this.outside(() => work());
    const isOneTrace = sampled.every(({ traceId }) => traceId === last.traceId);
    const parent = isOneTrace ? trace.setSpanContext(ROOT_CONTEXT, last) : ROOT_CONTEXT;
    const others = isOneTrace ? sampled.slice(0, -1) : sampled;
    return this.#run(name, step, parent, work, linksTo(others));
  }

  /**
   * Does what belongs to a trace that is told by a stream or a row, rather than by the caller: a payment's own trace goes on when its provider calls
   * back. The caller's step, if there is one, gets a link to it.
   */
  follow<T>(traceparent: string | undefined, work: () => Promise<T>): Promise<T> {
    if (!this.#enabled) return work();
    const told = sampledContextOf(traceparent);
    const active = trace.getActiveSpan();
    if (!told || active?.spanContext().traceId === told.traceId) return work();
    active?.addLink({ context: told });
    return context.with(trace.setSpanContext(ROOT_CONTEXT, told), work);
  }

  /** For loops and timers that outlive what starts them. */
  outside<T>(work: () => T): T {
    return this.#enabled && trace.getActiveSpan() ? context.with(ROOT_CONTEXT, work) : work();
  }

  /**
   * Begins a step that is not the length of one function; whoever begins it ends it, and does the work `inside` it. Without `parent` it begins a trace,
   * and the sampler decides whether that is recorded.
   * @returns undefined when it is not recorded
   */
  start(name: string, step: Step, parent: string | undefined): Span | undefined {
    const told = parseTraceparent(parent);
    const span = this.#tracer?.startSpan(name, step, told ? trace.setSpanContext(ROOT_CONTEXT, told) : ROOT_CONTEXT);
    return span?.isRecording() ? span : undefined;
  }

  inside<T>(span: Span, work: () => T): T {
    return context.with(trace.setSpan(ROOT_CONTEXT, span), work);
  }

  /** A link from the active step to another trace, unless it is the same one. */
  link(traceparent: string | undefined): void {
    const told = sampledContextOf(traceparent);
    const active = this.active;
    if (told && active && active.spanContext().traceId !== told.traceId) active.addLink({ context: told });
  }

  async #run<T>(name: string, step: Step, parent: Context, work: Work<T>, links?: Link[]): Promise<T> {
    const options: SpanOptions = links ? { ...step, links } : step;
    const span = this.#tracer?.startSpan(name, options, parent);
    if (!span?.isRecording()) return work();
    try {
      return await context.with(trace.setSpan(parent, span), work, undefined, span);
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }
}

/**
 * Marks a step as failed. Only the kind of error is told: messages may name what does not belong into a trace.
 * @param error what was thrown, or a kind of failure such as a status
 */
export function failed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute(attribute.errorType, error instanceof Error ? error.name : typeof error === 'string' ? error : typeof error);
}

/** Of this process; does nothing until `startTelemetry` begins it. */
export const tracing = new Tracing();

export const traceparentOf = (span: Span): string => formatTraceparent(span.spanContext());

function sampledContextOf(traceparent: string | undefined): SpanContext | undefined {
  const parsed = parseTraceparent(traceparent);
  return parsed && isSampled(parsed) ? parsed : undefined;
}

function sampledContextsOf(traceparents: Iterable<string | undefined>): SpanContext[] {
  const distinct = new Map<string, SpanContext>();
  for (const traceparent of traceparents) {
    const parsed = traceparent === undefined || distinct.has(traceparent) ? undefined : sampledContextOf(traceparent);
    if (parsed && traceparent !== undefined) distinct.set(traceparent, parsed);
  }
  return [...distinct.values()];
}

const linksTo = (contexts: readonly SpanContext[]): Link[] => contexts.slice(0, mostLinks).map((spanContext) => ({ context: spanContext }));
