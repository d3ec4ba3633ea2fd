import { hostname } from 'node:os';
import { destination, pino, type DestinationStream, type Logger } from 'pino';
import { tracing } from './tracing.js';

export type { Logger };

export interface LoggerOptions {
  /** Of which service the lines are. */
  service: string;
  level: string;
  /** Standard error when left out. */
  to?: DestinationStream;
}

/** Names under which secrets, card data and bank data could get into a line, however it is nested (down to the fourth level). */
const secretNames = [
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'signature',
  'webhook-signature',
  'signature-input',
  'password',
  'passphrase',
  'secret',
  'secrets',
  'clientSecret',
  'token',
  'accessToken',
  'apiKey',
  'api-key',
  'keyHash',
  'pepper',
  'apiKeyPepper',
  'webhookSecretKey',
  'sandboxSecret',
  'commandDecryptionKey',
  'logSigningKey',
  'logCommitmentKey',
  'kafkaPassword',
  'databaseUrl',
  'redisUrl',
  'operators',
  'privateKey',
  'cardNumber',
  'pan',
  'cvv',
  'cvc',
  'accountNumber',
  'holder',
] as const;

const redacted = '[redacted]';

/**
 * Secrets that can be told by their form, wherever they stand, the messages of errors included: API keys and webhook secrets of this hub, credentials
 * of a header, passwords in addresses, signed tokens (RFC 7515).
 */
const secretForms: readonly [RegExp, string][] = [
  [/\btbk_[0-9a-f]{12}_[0-9a-f]{64}\b/g, redacted],
  [/\bwhsec_[A-Za-z0-9+/_-]{16,}=*/g, redacted],
  [/\b(Bearer|Basic) [A-Za-z0-9._~+/-]{8,}=*/g, `$1 ${redacted}`],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:/@"\\]*):[^\s/@"\\]+@/gi, `$1:${redacted}@`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g, redacted],
];

const scrubbed = (line: string): string => secretForms.reduce((text, [form, instead]) => text.replace(form, instead), line);

function pathsOf(name: string): string[] {
  const last = /^\w+$/.test(name) ? name : `["${name}"]`;
  const below = (parents: string) => (last.startsWith('[') ? `${parents}${last}` : `${parents}.${last}`);
  return [last, below('*'), below('*.*'), below('*.*.*')];
}

/** JSON lines with the service, within a trace its ids, and without secrets. */
export function createLogger({ service, level, to = destination(2) }: LoggerOptions): Logger {
  return pino(
    {
      level,
      base: { pid: process.pid, hostname: hostname(), service },
      mixin: () => {
        const spanContext = tracing.active?.spanContext();
        return spanContext ? { trace_id: spanContext.traceId, span_id: spanContext.spanId } : {};
      },
      redact: { paths: secretNames.flatMap(pathsOf), censor: redacted },
      hooks: { streamWrite: scrubbed },
    },
    to,
  );
}
