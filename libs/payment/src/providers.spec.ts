import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AttemptOutcome, Provider } from '@tongbao/contracts';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { metrics, startTelemetry, tracing, type Telemetry } from '@tongbao/telemetry';
import { Providers } from './providers.js';

const quiet = { warn: () => undefined, info: () => undefined };
const callersTrace = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A connector of this spec is never called itself: the work says what it answers. */
const connector = { name: 'bankpay', authorizes: true } as Provider;

describe('calls to providers', () => {
  const providers = new Providers([connector], 20);
  let exporter: InMemorySpanExporter;
  let telemetry: Telemetry;
  beforeAll(async () => {
    exporter = new InMemorySpanExporter();
    telemetry = await startTelemetry({ service: 'spec', version: '0', tracesUrl: '', ratio: 0, logger: quiet, exporter });
  });
  afterAll(() => telemetry.stop());

  const counted = async (outcome: string) => {
    const line = `tongbao_provider_calls_total{provider="bankpay",operation="pay",outcome="${outcome}"} `;
    const found = (await metrics.text()).split('\n').find((each) => each.startsWith(line));
    return found === undefined ? 0 : Number(found.slice(line.length));
  };
  const captured: AttemptOutcome = { kind: 'captured', providerRef: 'r', amountMinor: 1, currency: 'CNY' };

  it.each<[string, () => Promise<AttemptOutcome>, AttemptOutcome['kind'], string]>([
    ['that are answered', () => Promise.resolve(captured), 'captured', 'succeeded'],
    ['that are declined', () => Promise.resolve({ kind: 'declined', code: 'no' }), 'declined', 'declined'],
    ['of which the provider does not know', () => Promise.resolve({ kind: 'unknown', reason: 'busy' }), 'unknown', 'unknown'],
    ['that are not answered in time', () => new Promise(() => undefined), 'unknown', 'unknown'],
    ['that throw', () => Promise.reject(new Error('no route')), 'unknown', 'failed'],
  ])('%s are counted as such', async (_, work, kind, outcome) => {
    const before = await counted(outcome);
    expect((await providers.call('bankpay', 'pay', work)).kind).toBe(kind);
    expect(await counted(outcome)).toBe(before + 1);
  });

  it('show within a trace with their outcome', async () => {
    await tracing.continued(callersTrace, 'request', {}, () => providers.call('bankpay', 'query', () => Promise.resolve(captured)));
    await telemetry.flush();
    expect(exporter.getFinishedSpans()).toMatchObject([
      { name: 'bankpay query', kind: 2, attributes: { 'tongbao.provider': 'bankpay', 'tongbao.outcome': 'captured' } },
      { name: 'request' },
    ]);
  });

  it('to a provider that there is no connector for are unknown, and no call', async () => {
    expect(await providers.call('nopay', 'pay', () => Promise.resolve(captured))).toMatchObject({ kind: 'unknown' });
    expect(await metrics.text()).not.toContain('nopay');
  });
});
