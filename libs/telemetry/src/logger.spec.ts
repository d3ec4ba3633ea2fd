import { describe, expect, it } from '@jest/globals';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace';
import { createLogger } from './logger.js';
import { startTelemetry } from './start-telemetry.js';
import { tracing } from './tracing.js';

function lines() {
  const written: string[] = [];
  const logger = createLogger({ service: 'payment', level: 'info', to: { write: (line) => written.push(line) } });
  return { logger, written, last: () => JSON.parse(written.at(-1) ?? '{}') as Record<string, unknown> };
}

const apiKey = `tbk_0123456789ab_${'f'.repeat(64)}`;
const webhookSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const jws = 'eyJhbGciOiJFZERTQSJ9.eyJhbW91bnQiOjF9.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6';

describe('the log', () => {
  it('names the service in every line', () => {
    const { logger, last } = lines();
    logger.info('hello');
    expect(last()).toMatchObject({ service: 'payment', msg: 'hello' });
    expect(last()).not.toHaveProperty('trace_id');
  });

  it('names trace and span within a trace', async () => {
    const exporter = new InMemorySpanExporter();
    const { logger, last } = lines();
    const telemetry = await startTelemetry({ service: 'payment', version: '0', tracesUrl: '', ratio: 1, logger, exporter });
    const span = tracing.start('request', {}, undefined);
    tracing.inside(span!, () => logger.warn({ paymentId: 'pay_1' }, 'within'));
    const { traceId, spanId } = span!.spanContext();
    expect(last()).toMatchObject({ trace_id: traceId, span_id: spanId, paymentId: 'pay_1' });
    logger.warn('outside');
    expect(last()).not.toHaveProperty('trace_id');
    await telemetry.stop();
  });

  it.each([
    ['a header', { headers: { authorization: 'x-secret-x' } }],
    ['a header with a hyphen', { request: { headers: { 'webhook-signature': 'x-secret-x' } } }],
    ['a cookie', { reply: { headers: { 'set-cookie': 'x-secret-x' } } }],
    ['a payment token', { payment: { order: { method: { token: 'x-secret-x' } } } }],
    ['a card', { method: { cardNumber: 'x-secret-x', cvc: 'x-secret-x' } }],
    ['a bank account', { payout: { accountNumber: 'x-secret-x', holder: 'x-secret-x' } }],
    ['a password of the settings', { config: { kafkaPassword: 'x-secret-x' } }],
    ['what an error carries', { err: Object.assign(new Error('refused'), { config: { headers: { authorization: 'x-secret-x' } } }) }],
    ['the first level', { password: 'x-secret-x' }],
  ])('keeps %s out', (_, line) => {
    const { logger, written } = lines();
    logger.error(line, 'something');
    expect(written).toHaveLength(1);
    expect(written[0]).not.toContain('x-secret-x');
    expect(written[0]).toContain('[redacted]');
  });

  it('leaves alone what is no secret', () => {
    const { logger, last } = lines();
    logger.warn({ incident: { key: 'pay_1', topic: 'tongbao.payment.events', offset: '17.0' } }, 'as it is');
    expect(last()).toMatchObject({ incident: { key: 'pay_1', topic: 'tongbao.payment.events', offset: '17.0' } });
  });

  it.each([
    ['an API key', `the key ${apiKey} is unknown`, apiKey],
    ['a webhook secret', `bad secret ${webhookSecret}`, webhookSecret],
    ['a bearer token', 'sent Authorization: Bearer abcdefgh12345678', 'abcdefgh12345678'],
    ['a password in an address', 'cannot connect to postgresql://payment:hunter2@db.internal:5432/tongbao', 'hunter2'],
    ['a password in an address without a user', 'cannot connect to redis://:hunter2@cache.internal', 'hunter2'],
    ['a signed command', `unreadable: ${jws}`, jws],
  ])('keeps %s out of messages, errors and their stacks', (_, text, secret) => {
    const { logger, written } = lines();
    logger.error({ err: new Error(text), what: { deep: { down: text } } }, text);
    expect(written[0]).not.toContain(secret);
    expect(() => JSON.parse(written[0] ?? '') as unknown).not.toThrow();
  });
});
