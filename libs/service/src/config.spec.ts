import 'reflect-metadata';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, loadConfig, settings } from './config.js';

describe('the configuration', () => {
  it('is complete without any variable', () =>
    expect(loadConfig({})).toMatchObject({ port: 8080, host: '127.0.0.1', currencies: ['CNY', 'USD'], webhookAllowLoopback: true }));
  it('is read from the environment', () =>
    expect(loadConfig({ TONGBAO_PORT: '0', TONGBAO_CURRENCIES: 'EUR, JPY', WEBHOOK_ALLOW_LOOPBACK: 'false' })).toMatchObject({
      port: 0,
      currencies: ['EUR', 'JPY'],
      webhookAllowLoopback: false,
    }));

  it.each([
    ['TONGBAO_PORT', '80a'],
    ['TONGBAO_PORT', '70000'],
    ['TONGBAO_CURRENCIES', 'USD,XYZ'],
    ['TONGBAO_PROVIDERS', 'alipay=real'],
    ['SETTLEMENT_COLLECTION', 'steal'],
    ['WEBHOOK_ALLOW_LOOPBACK', 'perhaps'],
    ['EVENT_STORE_URL', 'http://x'],
    ['LOG_LEVEL', 'loud'],
  ])('%s=%s stops the start, naming the variable, the value and an example', (name, value) => {
    expect(() => loadConfig({ [name]: value })).toThrow(ConfigError);
    expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`${name}: .*given: .*example: `));
  });

  it('names every variable that is wrong, and never shows a secret', () => {
    const load = () => loadConfig({ TONGBAO_PORT: 'x', WEBHOOK_SECRET_KEY: 'tooshort' });
    expect(load).toThrow(/TONGBAO_PORT[\s\S]*WEBHOOK_SECRET_KEY|WEBHOOK_SECRET_KEY[\s\S]*TONGBAO_PORT/);
    expect(load).not.toThrow(/tooshort/);
  });

  it('takes secrets from files', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tongbao-config-'));
    writeFileSync(join(folder, 'secret'), `${'ab'.repeat(32)}\n`);
    expect(loadConfig({ WEBHOOK_SECRET_KEY_FILE: join(folder, 'secret') }).webhookSecretKey).toBe('ab'.repeat(32));
    rmSync(folder, { recursive: true });
  });

  it('documents every setting with a meaning and an example', () => {
    for (const { env, description, example } of settings)
      expect([env, description.length > 10, example.length > 0]).toEqual([env, true, true]);
  });
});
