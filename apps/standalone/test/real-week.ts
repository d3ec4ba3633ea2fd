import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Currency = 'CNY' | 'USD';
export const currencies: readonly Currency[] = ['CNY', 'USD'];

/** The week, from Monday to Sunday. */
export const days = ['1997-01-06', '1997-01-07', '1997-01-08', '1997-01-09', '1997-01-10', '1997-01-11', '1997-01-12'];

export const platforms = ['p1', 'p2', 'p3', 'p4', 'p5', 'p6'];
export const creators = ['k1', 'k2', 'k3', 'k4', 'k5', 'k6', 'k7', 'k8', 'k9'];
/** Has named no bank account: what it earns is carried from window to window. */
export const carried = 'k9';
export const agreementId = 'week';

/** Every role, a part of what is left, fixed amounts, bounds, and a fee that is kept on refunds. */
export const agreementRules = [
  { from: 'seller', to: 'owner', kind: 'content-share', basis: 'gross', rateBasisPoints: 8_000, refundable: true },
  { from: 'seller', to: 'referrer', kind: 'referral', basis: 'gross', rateBasisPoints: 333, refundable: true },
  { from: 'seller', to: 'hub', kind: 'platform-service-fee', basis: 'gross', rateBasisPoints: 155, minimumMinor: 20, refundable: false },
  { from: 'owner', to: 'hub', kind: 'content-fee', basis: 'left', rateBasisPoints: 127, refundable: true },
  { from: 'processor', to: 'hub', kind: 'payment-handling-fee', basis: 'gross', rateBasisPoints: 21, fixedMinor: 7, refundable: true },
  { from: 'owner', to: 'creator', kind: 'royalty', basis: 'left', rateBasisPoints: 6_667, refundable: true },
];

/** An order of the data, and what is done with it. The customer's number decides the currency, the order's own all that the data lacks. */
export interface PlannedOrder {
  day: number;
  currency: Currency;
  amountMinor: number;
  /** What the hub takes in of it: 0 where the platform has its own merchant account. */
  takenMinor: number;
  body: Record<string, unknown> & { platformId: string; orderId: string };
}

export interface PlannedRefund {
  day: number;
  order: PlannedOrder;
  amountMinor: number;
}

export interface PlannedDispute {
  disputeId: string;
  order: PlannedOrder;
  amountMinor: number;
  opensOn: number;
  closing?: { day: number; outcome: 'won' | 'lost' | 'part'; lostMinor?: number; feeMinor?: number };
}

export interface WeekPlan {
  orders: PlannedOrder[];
  refunds: PlannedRefund[];
  disputes: PlannedDispute[];
}

interface Row {
  orderId: number;
  customerId: number;
  date: string;
  quantity: number;
  amountMinor: number;
}

/** All purchases of the week, read with nothing of the project's own. */
export function rowsOfTheWeek(): Row[] {
  const file = fileURLToPath(new URL('../../../examples/cdnow-purchases.csv', import.meta.url));
  const rows = readFileSync(file, 'utf8').trim().split('\n').slice(1);
  return rows
    .map((line) => line.split(','))
    .filter(([, , date = '']) => days.includes(date))
    .map(([orderId, customerId, date = '', quantity, amountMinor]) => ({
      ...{ orderId: Number(orderId), customerId: Number(customerId), date },
      ...{ quantity: Number(quantity), amountMinor: Number(amountMinor) },
    }));
}

export const currencyOf = ({ customerId }: Pick<Row, 'customerId'>): Currency => (customerId % 2 === 0 ? 'USD' : 'CNY');

export function planOfTheWeek(): WeekPlan {
  const orders = rowsOfTheWeek().map(orderOf);
  const disputes = disputesOf(
    orders.filter((order, index) => order.day === 0 && order.takenMinor >= 1_000 && refundsOf(order, index).length === 0),
  );
  return { orders, refunds: orders.flatMap(refundsOf), disputes };
}

const pick = <T>(from: readonly T[], number: number): T => {
  const picked = from[number % from.length];
  if (picked === undefined) throw new Error('there is nothing to pick from');
  return picked;
};

function orderOf({ orderId, customerId, date, quantity, amountMinor }: Row): PlannedOrder {
  const currency = currencyOf({ customerId });
  const platformId = pick(platforms, orderId);
  const isWhole = amountMinor % quantity === 0;
  const item = {
    contentId: `album-${orderId % 97}`,
    ...(isWhole ? { unitPriceMinor: amountMinor / quantity, quantity } : { unitPriceMinor: amountMinor, quantity: 1 }),
    ownerId: orderId % 3 === 0 ? pick(platforms, Math.floor(orderId / 3)) : platformId,
    creators: [
      { creatorId: pick(creators, orderId), share: 1 + (orderId % 3) },
      ...(orderId % 4 === 0 ? [{ creatorId: pick(creators, orderId + 1), share: 2 }] : []),
    ],
    agreementId,
  };
  const isExternal = platformId === 'p2' && orderId % 5 === 0;
  const body = {
    platformId,
    orderId: `week-${orderId}`,
    payer: { userId: `customer-${customerId}` },
    items: [item],
    amountMinor,
    currency,
    method: { provider: currency === 'USD' ? 'stripe' : pick(['alipay', 'wechatpay'], orderId) },
    ...(orderId % 7 === 0 && { processorId: pick(platforms, Math.floor(orderId / 7)) }),
    ...(orderId % 11 === 0 && { referrerId: pick(platforms, Math.floor(orderId / 11)) }),
    ...(isExternal && { collection: 'platform' }),
  };
  return { day: days.indexOf(date), currency, amountMinor, takenMinor: isExternal ? 0 : amountMinor, body };
}

/** Of the whole on the next day, of a part on the same, or of the whole in three parts, a day each; what falls after the week does not happen. */
function refundsOf(order: PlannedOrder, index: number): PlannedRefund[] {
  const { amountMinor, day } = order;
  const third = Math.floor(amountMinor / 3);
  const parts =
    amountMinor < 10
      ? []
      : index % 17 === 0
        ? [{ day: day + 1, amountMinor }]
        : index % 23 === 0
          ? [{ day, amountMinor: Math.ceil(amountMinor * 0.4) }]
          : index % 29 === 0
            ? [third, third + 1, amountMinor - 2 * third - 1].map((part, later) => ({ day: day + later, amountMinor: part }))
            : [];
  return parts.filter((part) => part.day < days.length).map((part) => ({ order, ...part }));
}

/** Lost with a fee of the provider, won, lost in part, and one that the week does not end. */
function disputesOf([lost, won, part, open]: readonly PlannedOrder[]): PlannedDispute[] {
  if (!lost || !won || !part || !open) throw new Error('Monday has too few orders');
  return [
    {
      disputeId: 'dp-lost',
      order: lost,
      amountMinor: lost.amountMinor - 1,
      opensOn: 2,
      closing: { day: 4, outcome: 'lost', feeMinor: 150 },
    },
    { disputeId: 'dp-won', order: won, amountMinor: won.amountMinor, opensOn: 1, closing: { day: 5, outcome: 'won' } },
    { disputeId: 'dp-part', order: part, amountMinor: part.amountMinor, opensOn: 3, closing: { day: 6, outcome: 'part', lostMinor: 333 } },
    { disputeId: 'dp-open', order: open, amountMinor: 777, opensOn: 5 },
  ];
}
