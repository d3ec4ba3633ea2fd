import { albumsOf, crossPlatformAgreement, platforms, type Album, type DemoPlatform } from './cast.js';
import { monthOf, type Purchase } from './purchases.js';
import { randomOf, type Random } from './random.js';

export const currency = 'USD';
export const providers = ['alipay', 'wechatpay', 'stripe'] as const;
export type Provider = (typeof providers)[number];

/** How the provider treats the first attempt. Whatever happens, the order is paid in the end. */
export type Mood = 'approves' | 'declines' | 'asks the payer' | 'calls back twice' | 'is slow' | 'is unreachable';

export interface Method {
  provider: string;
  /** The sandbox provider's script. */
  token?: string;
}

export interface OrderItem {
  contentId: string;
  unitPriceMinor: number;
  quantity: number;
  ownerId: string;
  creators: { creatorId: string; share: number }[];
  agreementId: string;
}

/** The body of `POST /v1/payments`. */
export interface OrderBody {
  platformId: string;
  orderId: string;
  payer: { userId: string };
  items: OrderItem[];
  amountMinor: number;
  currency: string;
  method: Method;
  processorId?: string;
  referrerId?: string;
}

export interface PlannedRefund {
  platformId: string;
  orderId: string;
  refundId: string;
  date: string;
  amountMinor: number;
}

/** An order of the data with everything that the data lacks. */
export interface PlannedOrder {
  body: OrderBody;
  mood: Mood;
  /** What the payer turns to, one after the other, while attempts fail. */
  furtherMethods: Method[];
  refunds: PlannedRefund[];
}

export interface TopUp {
  platformId: string;
  userId: string;
  amountMinor: number;
  method: Method;
  key: string;
}

const walletCustomers = 0.05;
const ownAlbums = 0.8;
const refundedOrders = 0.02;
const dayMs = 86_400_000;
const topUpStepMinor = 1_000;

/** Adds to the data what it lacks. The same seed gives the same orders; each order draws from a stream of its own, so a part of the data is generated as in the whole. */
export class Scenario {
  readonly #albums: readonly Album[];
  readonly #ownAlbums: ReadonlyMap<string, Album[]>;

  /** @param lastDate no refund is asked for after it */
  constructor(
    readonly seed: number,
    private readonly lastDate: string,
  ) {
    this.#albums = albumsOf(seed);
    this.#ownAlbums = Map.groupBy(this.#albums, ({ ownerId }) => ownerId);
  }

  order(purchase: Purchase): PlannedOrder {
    const random = randomOf(this.seed, 'order', purchase.orderId);
    const home = this.homeOf(purchase.customerId);
    const seller = random.chance(0.85) ? home : random.pick(platforms);
    const items = this.#items(purchase, seller, random);
    const paysByWallet = purchase.amountMinor > 0 && this.hasWallet(purchase.customerId);
    const { mood, methods } = purchase.amountMinor === 0 || paysByWallet ? { mood: 'approves' as const, methods: [] } : moodOf(random);
    const [method = { provider: paysByWallet ? 'wallet' : random.pick(providers) }, ...furtherMethods] = methods;
    const body: OrderBody = {
      platformId: seller.platformId,
      orderId: orderIdOf(purchase),
      payer: { userId: userIdOf(purchase.customerId) },
      items,
      amountMinor: purchase.amountMinor,
      currency,
      method,
      ...(seller.processorId && { processorId: seller.processorId }),
      ...(seller.referrerId && random.chance(0.5) && { referrerId: seller.referrerId }),
    };
    return { body, mood, furtherMethods, refunds: this.#refunds(purchase, body) };
  }

  /** What the customers of a month who pay by wallet put into it before: enough for their orders, in steps of ten dollars. */
  topUps(month: string, orders: readonly PlannedOrder[]): TopUp[] {
    const needed = new Map<string, number>();
    for (const { body } of orders) {
      if (body.method.provider === 'wallet') needed.set(body.payer.userId, (needed.get(body.payer.userId) ?? 0) + body.amountMinor);
    }
    return [...needed].map(([userId, amountMinor]) => ({
      platformId: this.homeOf(customerIdOf(userId)).platformId,
      userId,
      amountMinor: Math.ceil(amountMinor / topUpStepMinor) * topUpStepMinor,
      method: { provider: randomOf(this.seed, 'top-up', month, userId).pick(providers) },
      key: `top-up-${month}-${userId}`,
    }));
  }

  homeOf(customerId: string): DemoPlatform {
    const drawn = randomOf(this.seed, 'home', customerId).integer(100);
    let upTo = 0;
    const home = platforms.find(({ customersPercent }) => drawn < (upTo += customersPercent));
    if (!home) throw new Error("the platforms' customers do not come to a hundred percent");
    return home;
  }

  hasWallet(customerId: string): boolean {
    return randomOf(this.seed, 'wallet', customerId).chance(walletCustomers);
  }

  /** Price times quantity is the amount, for every order: one that does not divide has its remainder in a second item. */
  #items({ quantity, amountMinor }: Purchase, seller: DemoPlatform, random: Random): OrderItem[] {
    const unitPriceMinor = Math.floor(amountMinor / quantity);
    const rest = amountMinor - unitPriceMinor * (quantity - 1);
    const item = (price: number, count: number) => ({ ...this.#album(seller, random), unitPriceMinor: price, quantity: count });
    return rest === unitPriceMinor ? [item(unitPriceMinor, quantity)] : [item(unitPriceMinor, quantity - 1), item(rest, 1)];
  }

  #album(seller: DemoPlatform, random: Random): Omit<OrderItem, 'unitPriceMinor' | 'quantity'> {
    const own = this.#ownAlbums.get(seller.platformId);
    const { contentId, ownerId, creators } = random.pick(own && random.chance(ownAlbums) ? own : this.#albums);
    const agreementId = ownerId === seller.platformId && seller.agreementId ? seller.agreementId : crossPlatformAgreement;
    return { contentId, ownerId, creators, agreementId };
  }

  #refunds(purchase: Purchase, { platformId, orderId, amountMinor }: OrderBody): PlannedRefund[] {
    const random = randomOf(this.seed, 'refund', purchase.orderId);
    if (amountMinor === 0 || !random.chance(refundedOrders)) return [];
    let date = purchase.date;
    const refunds = refundParts(amountMinor, random).map((part, index) => {
      date = daysAfter(date, 1 + random.integer(30));
      return { platformId, orderId, refundId: `${orderId}-r${index + 1}`, date, amountMinor: part };
    });
    return refunds.filter((refund) => refund.date <= this.lastDate);
  }
}

/** Half are refunds of the whole, a third of a part, the rest of the whole in three parts. */
function refundParts(amountMinor: number, random: Random): number[] {
  const drawn = random.integer(100);
  if (drawn < 50 || amountMinor < 10) return [amountMinor];
  if (drawn < 85) return [Math.ceil((amountMinor * (10 + random.integer(80))) / 100)];
  const first = 1 + random.integer(Math.floor(amountMinor / 3));
  const second = 1 + random.integer(Math.floor(amountMinor / 3));
  return [first, second, amountMinor - first - second];
}

const declineCodes = ['card_declined', 'insufficient_balance', 'risk_rejected'];

function moodOf(random: Random): { mood: Mood; methods: Method[] } {
  const drawn = random.integer(1_000);
  const first = random.pick(providers);
  const another = (): Method => ({ provider: random.pick(providers.filter((each) => each !== first)) });
  if (drawn < 40) {
    const again = drawn < 4 ? [{ ...another(), token: `decline:${random.pick(declineCodes)}` }] : [];
    return { mood: 'declines', methods: [{ provider: first, token: `decline:${random.pick(declineCodes)}` }, ...again, another()] };
  }
  if (drawn < 60) return { mood: 'asks the payer', methods: [{ provider: first, token: 'action' }] };
  if (drawn < 70) return { mood: 'calls back twice', methods: [{ provider: first, token: 'twice' }] };
  if (drawn < 80) return { mood: 'is slow', methods: [{ provider: first, token: 'slow:50' }] };
  if (drawn < 82) return { mood: 'is unreachable', methods: [{ provider: first, token: 'unreachable' }, another()] };
  return { mood: 'approves', methods: [{ provider: first }] };
}

/** The data's day and number, so that an order can be found again. */
const orderIdOf = ({ date, orderId }: Purchase): string => `cdnow-${date}-${String(orderId).padStart(6, '0')}`;

const userIdOf = (customerId: string): string => `cdnow-${customerId}`;
const customerIdOf = (userId: string): string => userId.slice('cdnow-'.length);

const daysAfter = (date: string, days: number): string =>
  new Date(Date.parse(`${date}T00:00:00Z`) + days * dayMs).toISOString().slice(0, 10);

/** Refunds by the month in which they fall, those of one order in their order. */
export class RefundCalendar {
  readonly #byMonth = new Map<string, PlannedRefund[][]>();

  add({ refunds }: PlannedOrder): void {
    for (const [month, its] of Map.groupBy(refunds, ({ date }) => monthOf(date))) {
      const known = this.#byMonth.get(month);
      if (known) known.push(its);
      else this.#byMonth.set(month, [its]);
    }
  }

  /** One list for each order. */
  of(month: string): PlannedRefund[][] {
    return this.#byMonth.get(month) ?? [];
  }
}
