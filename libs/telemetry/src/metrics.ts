import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry, type GaugeConfiguration } from 'prom-client';
import { GaugeSource, type Ask } from './gauge-source.js';
import { metricCatalogue, metricNames, type LabelsOf, type MetricName, type NameOf } from './metric-catalogue.js';

/** A counter with its labels. */
export interface Count {
  inc(by?: number): void;
}

/** A histogram with its labels. */
export interface Timing {
  /** @param seconds what was measured */
  observe(seconds: number): void;
}

export interface CollectOptions {
  /** Asked at most so often, however often it is scraped. */
  everyMs?: number;
}

/** What a service needs to tell the figures that somebody has to be asked for. */
export interface Metrics {
  /**
   * Says who is asked for a gauge when it is scraped. Several may be asked for one: their samples go together. A question that fails, or takes longer than
   * two seconds, is left out of the scrape and counted.
   * @returns ends it
   */
  collect<Name extends NameOf<'gauge'>>(name: Name, ask: Ask<LabelsOf<Name>>, options?: CollectOptions): () => void;
}

/** The metrics of this process: one registry, every instrument of the catalogue. */
export class ProcessMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Map<MetricName, Counter>();
  readonly #histograms = new Map<MetricName, Histogram>();
  readonly #sources = new Map<MetricName, Set<GaugeSource>>();
  #describedAs: { service: string; version: string } | undefined;

  constructor() {
    for (const name of metricNames) this.#create(name);
    this.collect('tongbao_build_info', () => (this.#describedAs ? [{ labels: this.#describedAs, value: 1 }] : []));
  }

  readonly contentType: string = this.#registry.contentType;

  /** Called once, by whoever starts the process: says what it is, and begins to measure Node itself. */
  describe(service: string, version: string): void {
    if (!this.#describedAs) collectDefaultMetrics({ register: this.#registry });
    this.#describedAs = { service, version };
  }

  /** To be asked for once and kept: looking it up costs more than counting. */
  counter<Name extends NameOf<'counter'>>(name: Name, labels: LabelsOf<Name>): Count {
    const counter = this.#counters.get(name);
    if (!counter) throw new Error(`there is no counter ${name}`);
    // It shows from the beginning with 0: a rate needs the step from 0 to 1.
    counter.inc({ ...labels }, 0);
    return counter.labels({ ...labels });
  }

  histogram<Name extends NameOf<'histogram'>>(name: Name, labels: LabelsOf<Name>): Timing {
    const histogram = this.#histograms.get(name);
    if (!histogram) throw new Error(`there is no histogram ${name}`);
    return histogram.labels({ ...labels });
  }

  collect<Name extends NameOf<'gauge'>>(name: Name, ask: Ask<LabelsOf<Name>>, options: CollectOptions = {}): () => void {
    const source = new GaugeSource(ask, options.everyMs ?? 0, () => {
      this.counter('tongbao_metrics_collector_errors_total', { metric: name }).inc();
    });
    const sources = this.#sources.get(name);
    sources?.add(source);
    return () => sources?.delete(source);
  }

  /** In the text format of Prometheus, version 0.0.4. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #create(name: MetricName): void {
    const { type, labels, help } = metricCatalogue[name];
    const definition = { name, help, labelNames: [...labels], registers: [this.#registry] };
    switch (type) {
      case 'counter':
        this.#counters.set(name, new Counter(definition));
        return;
      case 'histogram':
        this.#histograms.set(name, new Histogram({ ...definition, buckets: [...metricCatalogue[name as NameOf<'histogram'>].buckets] }));
        return;
      case 'gauge':
        this.#createGauge(name, definition);
        return;
      default:
        throw new Error(`${name} is of no type: ${String(type satisfies never)}`);
    }
  }

  #createGauge(name: MetricName, definition: GaugeConfiguration<string>): void {
    const sources = new Set<GaugeSource>();
    this.#sources.set(name, sources);
    const gauge: Gauge = new Gauge({
      ...definition,
      collect: async () => {
        const samples = await Promise.all([...sources].map((source) => source.samples()));
        gauge.reset();
        // A gauge without labels begins with 0 in the library; where nobody can say, it must not claim one.
        if (definition.labelNames?.length === 0 && samples.flat().length === 0) gauge.remove();
        for (const { labels, value } of samples.flat()) gauge.set({ ...labels }, value);
      },
    });
  }
}

/** Of this process. */
export const metrics = new ProcessMetrics();
