import { ArrayMinSize, IsArray, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';
import { areCurrencies, Env } from './settings.js';

/** Settings that every process has: where it stores, listens, and what it deals in. */
export class CoreConfig {
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
}
