import { ArrayMinSize, IsArray, IsBoolean, IsIn, IsInt, IsString, IsTimeZone, Length, Matches, Max, Min } from 'class-validator';
import { areCurrencies, areDecryptionKeys, Env, readSettings } from './settings.js';

export { ConfigError, settings } from './settings.js';

/** Everything that can be set, from the environment, checked at boot. */
export class HubConfig {
  @Env(
    'TONGBAO_DATA',
    'text',
    './data',
    'Folder of the embedded event store, the read models and the generated secrets.',
    '/var/lib/tongbao',
  )
  @IsString()
  @Length(1, 4096)
  dataDir!: string;

  @Env('TONGBAO_HOST', 'text', '127.0.0.1', 'Address that the HTTP API listens on.', '0.0.0.0')
  @IsString()
  @Length(1, 255)
  host!: string;

  @Env('TONGBAO_PORT', 'number', '8080', 'Port of the HTTP API; 0 takes any free one.', '8080')
  @IsInt()
  @Min(0)
  @Max(65_535)
  port!: number;

  @Env('EVENT_STORE_PORT', 'number', '2113', 'Port of the embedded event store on 127.0.0.1; 0 takes any free one.', '2113')
  @IsInt()
  @Min(0)
  @Max(65_535)
  eventStorePort!: number;

  @Env(
    'EVENT_STORE_URL',
    'secret',
    '',
    'Connection string of an EventStoreDB or KurrentDB; empty = the embedded event store.',
    'esdb://store.internal:2113?tls=false',
  )
  @Matches(/^$|^esdb(\+discover)?:\/\//, { message: 'must begin with esdb:// or be empty' })
  eventStoreUrl!: string;

  @Env('TONGBAO_CURRENCIES', 'list', 'CNY,USD', 'Currencies that the hub settles, by comma.', 'CNY,USD,EUR')
  @IsArray()
  @ArrayMinSize(1)
  @areCurrencies
  currencies!: string[];

  @Env(
    'TONGBAO_PROVIDERS',
    'pairs',
    'alipay=sandbox,wechatpay=sandbox,stripe=sandbox,sandbox=sandbox',
    'Providers that the hub offers and the connector of each.',
    'alipay=sandbox',
  )
  @IsArray()
  @ArrayMinSize(1)
  @Matches(/^[a-z][a-z0-9]*=sandbox$/, { each: true, message: 'must list provider=connector pairs; the connector that exists is sandbox' })
  providers!: string[];

  @Env('PROVIDER_TIMEOUT_MS', 'number', '10000', 'How long a provider may take before the outcome counts as unknown.', '10000')
  @IsInt()
  @Min(100)
  @Max(120_000)
  providerTimeoutMs!: number;

  @Env('PAYMENT_EXPIRY_MINUTES', 'number', '120', 'When a payment expires that names no expiry of its own.', '120')
  @IsInt()
  @Min(1)
  @Max(43_200)
  paymentExpiryMinutes!: number;

  @Env(
    'ADMISSION_LAG_MS',
    'number',
    '2000',
    'New payments are answered 429 while the ledger, or the process itself with taking payments in, is further behind than this.',
    '2000',
  )
  @IsInt()
  @Min(100)
  @Max(600_000)
  admissionLagMs!: number;

  @Env('RATE_LIMIT_PER_SECOND', 'number', '5000', 'Requests a second that one platform may make.', '500')
  @IsInt()
  @Min(1)
  @Max(1_000_000)
  rateLimitPerSecond!: number;

  @Env('BODY_LIMIT_BYTES', 'number', '65536', 'Largest request body.', '65536')
  @IsInt()
  @Min(1_024)
  @Max(1_048_576)
  bodyLimitBytes!: number;

  @Env(
    'CAP_ALARM_PERCENTS',
    'list',
    '50,75,90',
    'Shares of a net debit cap, in percent: when the use of it comes to one of them, finance and its platform are told.',
    '80,100',
  )
  @ArrayMinSize(1)
  @Matches(/^(?:[1-9]\d?|100)$/, { each: true, message: 'must list percents from 1 to 100' })
  capAlarmPercents!: string[];

  @Env('CAP_ALARM_FALL_PERCENT', 'number', '5', 'How far below a share the use must fall before that is told, in percent of the cap.', '10')
  @IsInt()
  @Min(0)
  @Max(50)
  capAlarmFallPercent!: number;

  @Env(
    'SETTLEMENT_MINIMUM_PAYOUT_MINOR',
    'number',
    '0',
    'For the first terms of the model `dnm`, which are written when the hub is new: a payable below this is carried to the next window.',
    '1000',
  )
  @IsInt()
  @Min(0)
  minimumPayoutMinor!: number;

  @Env(
    'SETTLEMENT_AUTOMATIC_APPROVAL_MINOR',
    'number',
    '0',
    'For the first terms of `dnm`: settlements that move at most this much in all need no second person; 0 = all need one.',
    '100000',
  )
  @IsInt()
  @Min(0)
  automaticApprovalUpToMinor!: number;

  @Env(
    'SETTLEMENT_COLLECTION',
    'text',
    'debit',
    'For the first terms of `dnm`: what is done with a party that owes: `debit` its bank account, or `carry` it to the next window.',
    'carry',
  )
  @IsIn(['debit', 'carry'])
  collection!: 'debit' | 'carry';

  @Env(
    'FINANCE_TIME_ZONE',
    'text',
    'Asia/Shanghai',
    'Time zone of the days, weeks and months in finance reports and statements; whole hours ahead of UTC or behind it.',
    'Europe/Berlin',
  )
  @IsTimeZone()
  financeTimeZone!: string;

  @Env('HUB_NAME', 'text', 'Tongbao', 'What the hub is called in statements: it keeps the accounts.', 'Tongbao Hub Ltd')
  @IsString()
  @Length(1, 140)
  hubName!: string;

  @Env(
    'BANK_ACCOUNT_COOLING_HOURS',
    'number',
    '24',
    "From the approval of a change of a party's bank account to its coming into force; until then it can be stopped.",
    '48',
  )
  @IsInt()
  @Min(0)
  @Max(720)
  bankAccountCoolingHours!: number;

  @Env(
    'WITHDRAWAL_AUTOMATIC_APPROVAL_MINOR',
    'number',
    '0',
    'Withdrawals that a platform asks for, of at most this much, need no second person; 0 = all need one. What operators ask for always needs one.',
    '100000',
  )
  @IsInt()
  @Min(0)
  withdrawalAutomaticApprovalUpToMinor!: number;

  @Env('BANK', 'text', 'sandbox', 'How the hub reaches its bank: `sandbox`, or `file` for files by ISO 20022.', 'file')
  @IsIn(['sandbox', 'file'])
  bank!: 'sandbox' | 'file';

  @Env(
    'BANK_NAME',
    'text',
    'main',
    'With BANK=file: what the hub calls its bank; its account in the books is `bank:<name>`. Never to be changed.',
    'icbc',
  )
  @Matches(/^[a-z][a-z0-9]{0,7}$/, { message: 'must be at most 8 lower-case letters and digits, a letter first' })
  bankName!: string;

  @Env(
    'BANK_FILES',
    'text',
    '',
    'With BANK=file: folder with `out`, `in`, `done` and `rejected`, on one file system; empty = `bank-files` in the data folder.',
    '/var/lib/tongbao-bank',
  )
  @IsString()
  @Length(0, 4_096)
  bankFilesDir!: string;

  @Env('BANK_ACCOUNT', 'text', '', "With BANK=file: the hub's own account: its IBAN, or the bank's number.", 'DE89370400440532013000')
  @Matches(/^[A-Za-z0-9]{0,34}$/, { message: 'must be at most 34 letters and digits, without spaces' })
  bankAccount!: string;

  @Env('BANK_ACCOUNT_HOLDER', 'text', '', 'With BANK=file: whose account that is, as the bank knows the name.', 'Tongbao Hub Ltd')
  @IsString()
  @Length(0, 140)
  bankAccountHolder!: string;

  @Env('BANK_BIC', 'text', '', "With BANK=file: BIC of the hub's bank; empty where the IBAN says it.", 'COBADEFFXXX')
  @Matches(/^$|^[A-Z0-9]{8}([A-Z0-9]{3})?$/, { message: 'must be a BIC or empty' })
  bankBic!: string;

  @Env(
    'BANK_CREDITOR_ID',
    'text',
    '',
    'With BANK=file: by which debtors know the hub in their mandates; empty = nothing is collected by file.',
    'DE98ZZZ09999999999',
  )
  @IsString()
  @Length(0, 35)
  bankCreditorId!: string;

  @Env(
    'BANK_CHARSET',
    'text',
    'sepa',
    'With BANK=file: characters that the bank takes: `sepa` (Latin letters without accents) or `utf-8` (also Chinese names).',
    'utf-8',
  )
  @IsIn(['sepa', 'utf-8'])
  bankCharset!: 'sepa' | 'utf-8';

  @Env(
    'BANK_SERVICE_LEVEL',
    'text',
    '',
    "With BANK=file: code of the payments' service level; `SEPA` brings the rules of SEPA with it.",
    'SEPA',
  )
  @Matches(/^[A-Z]{0,4}$/, { message: 'must be a code of at most four capital letters, or empty' })
  bankServiceLevel!: string;

  @Env(
    'BANK_FILE_TRANSACTIONS',
    'number',
    '10000',
    'With BANK=file: most transactions of one file; a run that has as many is full.',
    '1000',
  )
  @IsInt()
  @Min(1)
  @Max(100_000)
  bankFileTransactions!: number;

  @Env(
    'BANK_FILE_SUMS',
    'pairs',
    '',
    'With BANK=file: most minor units of one file by currency; a run that has as much is full. A currency that is not named has no limit.',
    'EUR=50000000,CNY=300000000',
  )
  @IsArray()
  @Matches(/^[A-Z]{3}=[1-9]\d{0,14}$/, { each: true, message: 'must list currency=amount pairs' })
  bankFileSums!: string[];

  @Env(
    'BANK_CUT_OFF',
    'text',
    '0 15 * * 1-5',
    'With BANK=file: when a run is closed and its files are written: minute, hour, day of the month, month, day of the week.',
    '30 10,15 * * 1-5',
  )
  @Matches(/^(\S+ ){4}\S+$/, { message: 'must be a cron pattern of five fields' })
  bankCutOff!: string;

  @Env('BANK_TIME_ZONE', 'text', 'UTC', 'With BANK=file: the wall clock of BANK_CUT_OFF, and of the days in files.', 'Asia/Shanghai')
  @IsString()
  @Length(1, 64)
  bankTimeZone!: string;

  @Env(
    'BANK_RUN_AUTOMATIC_RELEASE_MINOR',
    'number',
    '0',
    'With BANK=file: a run whose sums are each at most this much goes out by itself; 0 = an approver releases each.',
    '10000000',
  )
  @IsInt()
  @Min(0)
  bankRunAutomaticReleaseUpToMinor!: number;

  @Env('BANK_COLLECTION_DAYS', 'number', '5', 'With BANK=file: days from a run to the day on which its debits are collected.', '2')
  @IsInt()
  @Min(0)
  @Max(60)
  bankCollectionDays!: number;

  @Env(
    'BANK_PROVIDER_ACCOUNTS',
    'pairs',
    '',
    'With BANK=file: from which accounts providers pay out to the hub; how their lines on the statement are known.',
    'stripe=IE12BOFI90000112345678',
  )
  @IsArray()
  @Matches(/^[a-z][a-z0-9]*=[A-Za-z0-9]{1,34}$/, { each: true, message: 'must list provider=account pairs' })
  bankProviderAccounts!: string[];

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
