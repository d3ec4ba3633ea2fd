import { describe, expect, it } from '@jest/globals';
import { metricCatalogue, metricNames } from './metric-catalogue.js';
import { ProcessMetrics } from './metrics.js';

/** The lines of one metric. */
async function linesOf(metrics: ProcessMetrics, name: string): Promise<string[]> {
  return (await metrics.text()).split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
}

describe('the metrics of a process', () => {
  it('have every name of the catalogue, with its type and help', async () => {
    const text = await new ProcessMetrics().text();
    for (const name of metricNames) {
      expect(text).toContain(`# HELP ${name} ${metricCatalogue[name].help}\n`);
      expect(text).toContain(`# TYPE ${name} ${metricCatalogue[name].type}\n`);
    }
  });

  it('follow the naming rules of Prometheus: counters end in _total, times are in seconds, names say whose they are', () => {
    for (const name of metricNames) {
      const { type } = metricCatalogue[name];
      expect(name).toMatch(/^tongbao_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (type === 'histogram') expect(name).toMatch(/_seconds$/);
    }
  });

  it('count, from 0 on', async () => {
    const metrics = new ProcessMetrics();
    const written = metrics.counter('tongbao_event_store_appends_total', { outcome: 'written' });
    expect(await linesOf(metrics, 'tongbao_event_store_appends_total')).toEqual(['tongbao_event_store_appends_total{outcome="written"} 0']);
    written.inc();
    written.inc(2);
    expect(await linesOf(metrics, 'tongbao_event_store_appends_total')).toEqual(['tongbao_event_store_appends_total{outcome="written"} 3']);
  });

  it('time, into the buckets of the catalogue', async () => {
    const metrics = new ProcessMetrics();
    metrics.histogram('tongbao_bus_handle_duration_seconds', { group: 'payment', topic: 't' }).observe(0.02);
    const buckets = await linesOf(metrics, 'tongbao_bus_handle_duration_seconds_bucket');
    expect(buckets).toContain('tongbao_bus_handle_duration_seconds_bucket{le="0.01",group="payment",topic="t"} 0');
    expect(buckets).toContain('tongbao_bus_handle_duration_seconds_bucket{le="0.025",group="payment",topic="t"} 1');
  });

  it('ask for gauges when they are scraped, and put what several say together', async () => {
    const metrics = new ProcessMetrics();
    let lag = 3;
    metrics.collect('tongbao_relay_lag_events', () => [{ labels: { service: 'payment' }, value: lag }]);
    const end = metrics.collect('tongbao_relay_lag_events', () => Promise.resolve([{ labels: { service: 'ledger' }, value: 1 }]));
    expect(await linesOf(metrics, 'tongbao_relay_lag_events')).toEqual([
      'tongbao_relay_lag_events{service="payment"} 3',
      'tongbao_relay_lag_events{service="ledger"} 1',
    ]);
    lag = 0;
    end();
    expect(await linesOf(metrics, 'tongbao_relay_lag_events')).toEqual(['tongbao_relay_lag_events{service="payment"} 0']);
  });

  it('claim no value that nobody gives', async () => {
    const metrics = new ProcessMetrics();
    expect(await linesOf(metrics, 'tongbao_payments_outcome_unknown')).toEqual([]);
    metrics.collect('tongbao_payments_outcome_unknown', () => [{ labels: {}, value: 0 }]);
    expect(await linesOf(metrics, 'tongbao_payments_outcome_unknown')).toEqual(['tongbao_payments_outcome_unknown 0']);
  });

  it('survive whoever cannot be asked: the rest is told, the failure counted', async () => {
    const metrics = new ProcessMetrics();
    metrics.collect('tongbao_settlements', () => Promise.reject(new Error('the database is down')));
    metrics.collect('tongbao_leader', () => {
      throw new Error('not yet');
    });
    metrics.collect('tongbao_lease_epoch', () => [{ labels: { service: 'ledger' }, value: 7 }]);
    expect(await metrics.text()).toContain('tongbao_lease_epoch{service="ledger"} 7');
    const errors = await linesOf(metrics, 'tongbao_metrics_collector_errors_total');
    expect(errors).toHaveLength(2);
    expect(errors.every((line) => !line.endsWith(' 0'))).toBe(true);
    expect(await linesOf(metrics, 'tongbao_settlements')).toEqual([]);
  });

  it('ask costly questions at most so often', async () => {
    const metrics = new ProcessMetrics();
    let asked = 0;
    const ask = () => [{ labels: { currency: 'CNY' }, value: (asked += 1) }];
    metrics.collect('tongbao_ledger_imbalance_minor', ask, { everyMs: 60_000 });
    await metrics.text();
    expect(await linesOf(metrics, 'tongbao_ledger_imbalance_minor')).toEqual(['tongbao_ledger_imbalance_minor{currency="CNY"} 1']);
    expect(asked).toBe(1);
  });

  it('tell what the process is, and how Node is, once it is described', async () => {
    const metrics = new ProcessMetrics();
    metrics.describe('ledger', '1.2.3');
    const text = await metrics.text();
    expect(text).toContain('tongbao_build_info{service="ledger",version="1.2.3"} 1');
    expect(text).toMatch(/^nodejs_eventloop_lag_p99_seconds /m);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
  });
});
