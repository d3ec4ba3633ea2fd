import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { ConfigError } from './config.js';
import { requireOwnAddress } from './start-distributed.js';

describe('the address that a process advertises', () => {
  it.each([
    ['10.0.0.7', ''],
    ['127.0.0.1', ''],
    ['0.0.0.0', 'http://10.0.0.7:8080'],
    ['::', 'http://payment-1:8080'],
    ['0.0.0.0', 'http://[fd00::7]:8080'],
  ])('may be that of host %s with ADVERTISED_URL %p', (host, advertisedUrl) => {
    expect(() => requireOwnAddress({ host, advertisedUrl })).not.toThrow();
  });

  it.each([
    ['0.0.0.0', '', /ADVERTISED_URL: it must be set where TONGBAO_HOST is 0\.0\.0\.0; .* such as http/],
    ['::', '', /where TONGBAO_HOST is ::/],
    ['10.0.0.7', 'http://0.0.0.0:8080', /ADVERTISED_URL: http:\/\/0\.0\.0\.0:8080 leads whoever asks to itself/],
    ['0.0.0.0', 'http://[::]:8080', /leads whoever asks to itself/],
  ])('is never all addresses of a machine: host %s, ADVERTISED_URL %p', (host, advertisedUrl, message) => {
    expect(() => requireOwnAddress({ host, advertisedUrl })).toThrow(ConfigError);
    expect(() => requireOwnAddress({ host, advertisedUrl })).toThrow(message);
  });
});
