import { describe, expect, it } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from './exit-codes.js';
import { brokersOf, settingsOf } from './ops-settings.js';

describe('where servers are', () => {
  it('is what the services are told, password by file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tongbao-cli-'));
    writeFileSync(join(folder, 'password'), 'secret\n');
    const env = {
      KAFKA_BROKERS: 'a:9092, b:9092',
      KAFKA_USERNAME: 'ops',
      KAFKA_PASSWORD_FILE: join(folder, 'password'),
      KAFKA_TLS: 'true',
    };
    expect(brokersOf(settingsOf({}, env))).toMatchObject({ brokers: ['a:9092', 'b:9092'], username: 'ops', password: 'secret', tls: true });
    rmSync(folder, { recursive: true });
  });

  it('is what the command line says, before any variable or file', () => {
    const env = { KAFKA_BROKERS: 'a:9092', DATABASE_URL_FILE: '/does/not/exist', REDIS_URL: 'redis://a' };
    const settings = settingsOf({ kafka: 'c:1', database: 'postgresql://d/e', redis: 'redis://f' }, env);
    expect(settings).toMatchObject({ kafkaBrokers: ['c:1'], databaseUrl: 'postgresql://d/e', redisUrl: 'redis://f' });
  });

  it('is nowhere when nothing is named', () => expect(brokersOf(settingsOf({}, {}))).toBeUndefined());

  it('is not looked at in settings of other things', () =>
    expect(settingsOf({}, { TONGBAO_PORT: 'not a port', KAFKA_BROKERS: 'a:9092' }).kafkaBrokers).toEqual(['a:9092']));

  it('is refused by name when it is none', () => {
    expect(() => settingsOf({ kafka: 'no port' }, {})).toThrow(UsageError);
    expect(() => settingsOf({ kafka: 'no port' }, {})).toThrow(/KAFKA_BROKERS/);
  });
});
