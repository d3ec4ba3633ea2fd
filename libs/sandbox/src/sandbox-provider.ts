import { createHmac, timingSafeEqual } from 'node:crypto';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { setTimeout as delay } from 'node:timers/promises';
import type { AttemptOutcome, PayRequest, Provider, ProviderRefundRequest, RefundOutcome } from '@tongbao/contracts';

/**
 * How the sandbox treats a payment: the method's token, up to the first colon.
 * `approve` (or nothing), `decline[:code]`, `action` (the payer must open a page), `slow[:ms]`, `timeout` (takes the money, never answers),
 * `unreachable` (the first call does not reach it), `twice` (approves and calls back twice), `late` (declines, then takes the money after all and calls
 * back), `other-amount[:minor]` (takes another amount).
 */
const scripts = ['approve', 'decline', 'action', 'slow', 'timeout', 'unreachable', 'twice', 'late', 'other-amount'] as const;
type Script = (typeof scripts)[number];

export interface SandboxProviderOptions {
  /** File that survives what the hub does not: a provider is somebody else's machine. `:memory:` for tests. */
  file: string;
  name: string;
  /** Key of the HMAC over its notifications. */
  secret: string;
  /** Delivers a notification to the hub; a failure is repeated by nobody, the hub asks by itself. */
  notify?: (notification: { body: string; signature: string }) => Promise<void>;
}

interface Charge {
  key: string;
  amount: number;
  currency: string;
  taken: number;
  status: 'open' | 'authorized' | 'captured' | 'declined' | 'closed';
  code: string | null;
  script: string;
  calls: number;
}

export const sandboxSignatureHeader = 'sandbox-signature';

/** A provider that behaves as it is told, remembers what it did as a real one would, and moves no money. Idempotent by key. */
export class SandboxProvider implements Provider {
  readonly authorizes = true;
  readonly name: string;
  readonly #database: DatabaseSync;
  readonly #statements: Record<'find' | 'save' | 'findRefund' | 'insertRefund' | 'held' | 'payOut', StatementSync>;

  constructor(private readonly options: SandboxProviderOptions) {
    this.name = options.name;
    this.#database = new DatabaseSync(options.file);
    // The sandbox stands for another machine: it must outlive a killed hub, not a power cut.
    this.#database.exec(`PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;
      CREATE TABLE IF NOT EXISTS charges(provider TEXT, key TEXT, amount INTEGER, currency TEXT, taken INTEGER, status TEXT, code TEXT, script TEXT, calls INTEGER, PRIMARY KEY(provider, key)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS refunds(provider TEXT, key TEXT, payment_key TEXT, amount INTEGER, currency TEXT, PRIMARY KEY(provider, key)) WITHOUT ROWID;
      CREATE TABLE IF NOT EXISTS payouts(provider TEXT, currency TEXT, amount INTEGER);`);
    const prepare = (sql: string) => this.#database.prepare(sql);
    this.#statements = {
      find: prepare('SELECT key, amount, currency, taken, status, code, script, calls FROM charges WHERE provider = ? AND key = ?'),
      save: prepare(`INSERT INTO charges VALUES($provider, $key, $amount, $currency, $taken, $status, $code, $script, $calls)
        ON CONFLICT(provider, key) DO UPDATE SET taken = $taken, status = $status, code = $code, calls = $calls`),
      findRefund: prepare('SELECT amount FROM refunds WHERE provider = ? AND key = ?'),
      insertRefund: prepare('INSERT INTO refunds VALUES(?, ?, ?, ?, ?)'),
      held: prepare(`SELECT coalesce((SELECT sum(taken) FROM charges WHERE provider = $p AND currency = $c), 0)
        - coalesce((SELECT sum(amount) FROM refunds WHERE provider = $p AND currency = $c), 0)
        - coalesce((SELECT sum(amount) FROM payouts WHERE provider = $p AND currency = $c), 0) AS held`),
      payOut: prepare('INSERT INTO payouts VALUES(?, ?, ?)'),
    };
  }

  async pay(request: PayRequest, signal: AbortSignal): Promise<AttemptOutcome> {
    const { script, argument } = scriptOf(request.token);
    const charge = this.#find(request.key) ?? newCharge(request);
    charge.calls += 1;
    if (script === 'unreachable' && charge.calls === 1) {
      this.#save(charge);
      throw new Error('the sandbox provider cannot be reached');
    }
    if (charge.status === 'open') this.#play(charge, request, script, argument);
    this.#save(charge);
    if (script === 'slow') await delay(Number(argument ?? 2_000), undefined, { signal });
    if (script === 'timeout' && charge.calls === 1) await delay(2_147_000_000, undefined, { signal, ref: false });
    if (script === 'twice') {
      void this.#notify(charge.key);
      void this.#notify(charge.key);
    }
    if (script === 'late' && charge.status === 'declined') void this.payerPays(charge.key);
    return script === 'late' ? { kind: 'declined', code: 'try_again' } : outcomeOf(charge, this.name);
  }

  query(key: string): Promise<AttemptOutcome> {
    const charge = this.#find(key);
    return Promise.resolve(charge && !isUnreached(charge) ? outcomeOf(charge, this.name) : { kind: 'not_found' });
  }

  capture(key: string): Promise<AttemptOutcome> {
    const charge = this.#find(key);
    if (!charge) return Promise.resolve({ kind: 'not_found' });
    if (charge.status === 'authorized') this.#take(charge, charge.amount);
    return Promise.resolve(outcomeOf(charge, this.name));
  }

  close(key: string): Promise<AttemptOutcome> {
    const charge = this.#find(key);
    if (!charge) return Promise.resolve({ kind: 'not_found' });
    if (charge.status === 'open' || charge.status === 'authorized') {
      charge.status = 'closed';
      this.#save(charge);
    }
    return Promise.resolve(outcomeOf(charge, this.name));
  }

  refund(request: ProviderRefundRequest): Promise<RefundOutcome> {
    const earlier = this.#statements.findRefund.get(this.name, request.key);
    const charge = this.#find(request.paymentKey);
    if (!earlier && charge?.status !== 'captured') return Promise.resolve({ kind: 'declined', code: 'payment_not_found' });
    if (!earlier) this.#statements.insertRefund.run(this.name, request.key, request.paymentKey, request.amountMinor, request.currency);
    return Promise.resolve({ kind: 'refunded', providerRef: `${this.name}_${request.key}` });
  }

  queryRefund(key: string): Promise<RefundOutcome> {
    const known = this.#statements.findRefund.get(this.name, key);
    return Promise.resolve(known ? { kind: 'refunded', providerRef: `${this.name}_${key}` } : { kind: 'not_found' });
  }

  readNotification(headers: Record<string, string | string[] | undefined>, rawBody: Uint8Array): string | undefined {
    const presented = Buffer.from(String(headers[sandboxSignatureHeader] ?? ''));
    const expected = Buffer.from(this.#sign(rawBody));
    if (presented.length !== expected.length || !timingSafeEqual(presented, expected)) return undefined;
    const body: unknown = JSON.parse(Buffer.from(rawBody).toString());
    return typeof body === 'object' && body !== null && 'key' in body && typeof body.key === 'string' ? body.key : undefined;
  }

  /** What the payer does on the page that `action` sends them to: pays. Also how a declined `late` payment is taken after all. */
  async payerPays(key: string): Promise<void> {
    const charge = this.#find(key);
    if (charge?.status === 'open' || charge?.status === 'declined') this.#take(charge, charge.amount);
    await this.#notify(key);
  }

  /** Pays what it holds for the hub, or so much of it, out to the hub's bank; the caller tells the bank. @returns minor units, 0 when there is nothing */
  payOut(currency: string, atMostMinor = Number.MAX_SAFE_INTEGER): number {
    const { held } = this.#statements.held.get({ p: this.name, c: currency }) as { held: number };
    const amountMinor = Math.min(held, atMostMinor);
    if (amountMinor <= 0) return 0;
    this.#statements.payOut.run(this.name, currency, amountMinor);
    return amountMinor;
  }

  /** How often each key took money: more than once would be a double charge. */
  chargesTaken(): { key: string; takenMinor: number; orderedMinor: number }[] {
    const rows = this.#database.prepare('SELECT key, taken, amount FROM charges WHERE provider = ? AND taken > 0').all(this.name);
    return rows.map((row) => ({ key: String(row['key']), takenMinor: Number(row['taken']), orderedMinor: Number(row['amount']) }));
  }

  /** Lets go of its file. */
  dispose(): void {
    this.#database.close();
  }

  #play(charge: Charge, request: PayRequest, script: Script, argument: string | undefined): void {
    switch (script) {
      case 'decline':
        charge.status = 'declined';
        charge.code = argument ?? 'card_declined';
        return;
      case 'late':
        charge.status = 'declined';
        charge.code = 'try_again';
        return;
      case 'action':
        return;
      case 'other-amount':
        this.#take(charge, Number(argument ?? request.amountMinor + 1));
        return;
      default:
        if (request.capture) this.#take(charge, charge.amount);
        else charge.status = 'authorized';
    }
  }

  #take(charge: Charge, amountMinor: number): void {
    charge.taken = amountMinor;
    charge.status = 'captured';
    this.#save(charge);
  }

  #find(key: string): Charge | undefined {
    return this.#statements.find.get(this.name, key) as Charge | undefined;
  }

  /** Written in one statement with what became of it: a provider that is cut off half way has not half charged. */
  #save(charge: Charge): void {
    const { key, amount, currency, taken, status, code, script, calls } = charge;
    this.#statements.save.run({ provider: this.name, key, amount, currency, taken, status, code, script, calls });
  }

  async #notify(key: string): Promise<void> {
    const body = JSON.stringify({ key });
    await this.options.notify?.({ body, signature: this.#sign(Buffer.from(body)) });
  }

  #sign(body: Uint8Array): string {
    return createHmac('sha256', this.options.secret).update(body).digest('hex');
  }
}

const newCharge = ({ key, amountMinor, currency, token }: PayRequest): Charge => ({
  key,
  amount: amountMinor,
  currency,
  taken: 0,
  status: 'open',
  code: null,
  script: token ?? 'approve',
  calls: 0,
});

/** The first call of an `unreachable` charge never arrived, as far as the provider knows. */
const isUnreached = (charge: Charge): boolean => scriptOf(charge.script).script === 'unreachable' && charge.calls < 2;

function outcomeOf(charge: Charge, provider: string): AttemptOutcome {
  switch (charge.status) {
    case 'captured':
      return { kind: 'captured', providerRef: `sandbox_${charge.key}`, amountMinor: charge.taken, currency: charge.currency };
    case 'authorized':
      return { kind: 'authorized', providerRef: `sandbox_${charge.key}` };
    case 'declined':
      return { kind: 'declined', code: charge.code ?? 'card_declined' };
    case 'closed':
      return { kind: 'closed' };
    case 'open':
      return { kind: 'action_required', action: { kind: 'redirect', value: `/v1/sandbox/pay/${provider}/${charge.key}` } };
    default:
      return charge.status satisfies never;
  }
}

function scriptOf(token: string | undefined): { script: Script; argument?: string } {
  const [name = 'approve', argument] = (token ?? 'approve').split(':');
  const script = scripts.find((each) => each === name) ?? 'approve';
  return { script, ...(argument !== undefined && { argument }) };
}
