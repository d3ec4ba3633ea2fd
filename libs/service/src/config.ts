import { IsArray, IsBoolean, IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { FinanceConfig } from './config.finance.js';
import { areDecryptionKeys, Env, readSettings } from './settings.js';

export { ConfigError, settings } from './settings.js';

/** Everything that can be set, from the environment, checked at boot; its bases have the rest of it. */
export class HubConfig extends FinanceConfig {
  @Env(
    'WEBHOOK_ALLOW_LOOPBACK',
    'flag',
    'true',
    'Whether webhooks may go to http and to addresses of this machine or a private network. Switch off in production.',
    'false',
  )
  @IsBoolean()
  webhookAllowLoopback!: boolean;

  @Env(
    'WEBHOOK_SECRET_KEY',
    'secret',
    '',
    'Key under which the secrets of webhook endpoints are kept, for the notification service alone; generated in the data folder when empty.',
    '64 hex digits',
  )
  @Matches(/^$|^[0-9a-f]{64}$/, { message: 'must be 64 hex digits or empty' })
  webhookSecretKey!: string;

  @Env(
    'KAFKA_BROKERS',
    'list',
    '',
    'Brokers of Apache Kafka, by comma; empty = the embedded bus.',
    'kafka-1.internal:9092,kafka-2.internal:9092',
  )
  @IsArray()
  @Matches(/^[A-Za-z0-9.-]+:\d{1,5}$/, { each: true, message: 'must list host:port pairs' })
  kafkaBrokers!: string[];

  @Env('KAFKA_USERNAME', 'text', '', 'User of SASL/SCRAM-SHA-512; empty = no authentication.', 'payment')
  @IsString()
  @Length(0, 255)
  kafkaUsername!: string;

  @Env('KAFKA_PASSWORD', 'secret', '', 'Password of KAFKA_USERNAME.', 'a long random text')
  @IsString()
  @Length(0, 1_024)
  kafkaPassword!: string;

  @Env('KAFKA_TLS', 'flag', 'false', 'Whether brokers are reached over TLS.', 'true')
  @IsBoolean()
  kafkaTls!: boolean;

  @Env(
    'DATABASE_URL',
    'secret',
    '',
    'PostgreSQL for the read models; empty = the embedded PGlite.',
    'postgresql://payment:secret@db.internal:5432/tongbao',
  )
  @Matches(/^$|^postgres(ql)?:\/\//, { message: 'must begin with postgresql:// or be empty' })
  databaseUrl!: string;

  @Env('DATABASE_CONNECTIONS', 'number', '8', 'Most connections of one process to PostgreSQL.', '8')
  @IsInt()
  @Min(2)
  @Max(200)
  databaseConnections!: number;

  @Env(
    'REDIS_URL',
    'secret',
    '',
    'Redis for limits, counters and cached replies; empty = kept in memory.',
    'redis://:secret@redis.internal:6379/0',
  )
  @Matches(/^$|^rediss?:\/\//, { message: 'must begin with redis:// or be empty' })
  redisUrl!: string;

  @Env('LEASE_SECONDS', 'number', '4', 'How long the leading process of a service may be silent before another one takes over.', '4')
  @IsInt()
  @Min(2)
  @Max(60)
  leaseSeconds!: number;

  @Env(
    'TONGBAO_PUBLIC_URL',
    'text',
    '',
    'Address by which payers, platforms and providers reach the hub; empty = the address that it listens on.',
    'https://pay.example.org',
  )
  @Matches(/^$|^https?:\/\/[^/]+$/, { message: 'must be an http or https address without a path, or empty' })
  publicUrl!: string;

  @Env(
    'ADVERTISED_URL',
    'text',
    '',
    'Address by which the other processes of this service reach this one; empty = the address that it listens on, which must not be 0.0.0.0 then.',
    'http://10.0.0.7:8080',
  )
  @Matches(/^$|^https?:\/\/[^/]+$/, { message: 'must be an http or https address without a path, or empty' })
  advertisedUrl!: string;

  @Env(
    'GATEWAY_ROUTES',
    'pairs',
    '',
    'For the gateway alone: the processes of each service; a service with several is named several times.',
    'payment=http://10.0.0.7:8080,payment=http://10.0.0.8:8080,ledger=http://10.0.0.9:8080',
  )
  @IsArray()
  @Matches(/^(payment|ledger|settlement|notification)=https?:\/\/[^/]+$/, { each: true, message: 'must list service=address pairs' })
  gatewayRoutes!: string[];

  @Env(
    'METRICS_PORT',
    'number',
    '9464',
    'For the gateway alone: port of its /metrics, apart from the public one; 0 takes any free one. The services serve theirs on TONGBAO_PORT.',
    '9464',
  )
  @IsInt()
  @Min(0)
  @Max(65_535)
  metricsPort!: number;

  @Env(
    'OPERATORS',
    'secret',
    '',
    'Operators with their tokens as a JSON array; empty = a set for development, generated in the data folder.',
    '[{"name":"jo","roles":["ops"],"token":"a long random text"}]',
  )
  @IsString()
  operators!: string;

  @Env(
    'SANDBOX_DATA',
    'text',
    '',
    'Folder of the sandbox provider and bank, the same for all processes; empty = the data folder.',
    '/var/lib/tongbao-sandbox',
  )
  @IsString()
  @Length(0, 4_096)
  sandboxDataDir!: string;

  @Env(
    'SANDBOX_SECRET',
    'secret',
    '',
    "Key of the sandbox providers' notifications; generated in the data folder when empty.",
    '64 hex digits',
  )
  @Matches(/^$|^[0-9a-f]{64}$/, { message: 'must be 64 hex digits or empty' })
  sandboxSecret!: string;

  @Env(
    'COMMAND_DECRYPTION_KEY',
    'secret',
    '',
    'Private JWK (OKP X25519), or a JWK Set of such, for commands encrypted to the hub; generated in the data folder when empty.',
    '{"kty":"OKP","crv":"X25519","kid":"...","x":"...","d":"..."}',
  )
  @areDecryptionKeys
  commandDecryptionKey!: string;

  @Env(
    'LOG_ORIGIN',
    'text',
    'tongbao.example/main',
    'Name of the transparency log and of its key, once and for all: the address that it is served at, without https://, is a good one.',
    'pay.example.org/log',
  )
  @Matches(/^[^\s+]{1,255}$/, { message: 'must be the name of a key: no white space, no +' })
  logOrigin!: string;

  @Env(
    'LOG_SIGNING_KEY',
    'secret',
    '',
    'Key that signs the checkpoints of the transparency log, for the ledger service alone; its name is LOG_ORIGIN. Generated in the data folder when empty.',
    'PRIVATE+KEY+<name>+<id>+<base64>',
  )
  @Matches(/^$|^PRIVATE\+KEY\+[^+\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}$/, { message: 'must be a signer key of type 1 or empty' })
  logSigningKey!: string;

  @Env(
    'LOG_COMMITMENT_KEY',
    'secret',
    '',
    'Key of what the leaves of the transparency log hide, for the ledger service alone; never to be changed. Generated in the data folder when empty.',
    '64 hex digits',
  )
  @Matches(/^$|^[0-9a-f]{64}$/, { message: 'must be 64 hex digits or empty' })
  logCommitmentKey!: string;

  @Env(
    'LOG_WITNESSES',
    'pairs',
    '',
    'Witnesses of the transparency log, by comma: the verifier key of each, and where it takes checkpoints.',
    'witness.example/w1+8d66cf3f+BFb1…=https://witness.example',
  )
  @IsArray()
  @Matches(/^[^+=,\s]+\+[0-9a-f]{8}\+[A-Za-z0-9+/]{44}=https?:\/\/\S+$/, {
    each: true,
    message: 'must list <verifier key>=<address> pairs',
  })
  logWitnesses!: string[];

  @Env('LOG_WITNESS_QUORUM', 'number', '0', 'How many of the witnesses must cosign before a checkpoint counts as witnessed; 0 = none.', '2')
  @IsInt()
  @Min(0)
  @Max(100)
  logWitnessQuorum!: number;

  @Env(
    'PAYOUTS_NEED_PROOF',
    'flag',
    'false',
    'For the settlement service: nothing is paid out before a checkpoint covers what it comes from, a witnessed one where LOG_WITNESS_QUORUM asks for witnesses.',
    'true',
  )
  @IsBoolean()
  payoutsNeedProof!: boolean;

  @Env(
    'BILLS_DATA',
    'text',
    '',
    'For the settlement service: folder where bills of providers are kept and compared, the same for all its processes; empty = `bills` in the data folder.',
    '/var/lib/tongbao-bills',
  )
  @IsString()
  @Length(0, 4_096)
  billsDir!: string;

  @Env('BILL_LIMIT_BYTES', 'number', '268435456', 'Largest bill of a provider that is taken in, as it is packed.', '268435456')
  @IsInt()
  @Min(1_024)
  @Max(2_147_483_648)
  billLimitBytes!: number;

  @Env('TRACES_URL', 'text', '', 'OTLP/HTTP endpoint for traces; empty = none are sent.', 'http://tempo.internal:4318/v1/traces')
  @Matches(/^$|^https?:\/\//, { message: 'must be an http or https address or empty' })
  tracesUrl!: string;

  @Env(
    'TRACES_RATIO',
    'text',
    '0.01',
    'Share of requests that begin a trace; a caller that sends a sampled traceparent is always followed.',
    '0.1',
  )
  @Matches(/^(0(\.\d+)?|1(\.0+)?)$/, { message: 'must be a number from 0 to 1' })
  tracesRatio!: string;

  @Env('LOG_LEVEL', 'text', 'info', 'fatal, error, warn, info, debug or trace.', 'warn')
  @IsIn(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
  logLevel!: string;
}

/**
 * Reads and checks the configuration.
 * @throws ConfigError naming each variable that is wrong, what is wrong with it, and an example
 */
export const loadConfig = (env: NodeJS.ProcessEnv): HubConfig => readSettings(HubConfig, env);
