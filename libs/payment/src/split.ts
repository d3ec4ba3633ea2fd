import {
  account,
  isParty,
  type PaymentItem,
  type Reservation,
  type SplitRole,
  type SplitRule,
  type SplitTransfer,
} from '@tongbao/contracts';
import { allocate, basisPointsOf, sumMinor, toSafeInteger } from '@tongbao/money';

/** What a split is computed from. Pure data: the agreements' rules come with it. */
export interface SplitOrder {
  platformId: string;
  processorId: string;
  referrerId?: string;
  items: readonly PaymentItem[];
  /** Account the money comes from: `provider:<name>` or the payer's wallet. */
  source: string;
  /** The platform's own merchant account takes the money in: the purchase is neither posted nor netted. */
  external: boolean;
}

/** Items of the same agreement, owner and creators: rates apply to each group. */
interface Group {
  agreementId: string;
  ownerId: string;
  creators: readonly { creatorId: string; share: number }[];
  gross: bigint;
  /** What each account has received less what it has given in this group, so far. */
  left: Map<string, bigint>;
}

/** An entry of the ledger holds no more. */
export const maxTransfers = 100;

/**
 * Who gets what of a payment: the purchase, then each agreement's rules in their order. Transfers of 0 and from an account to itself are
 * dropped; those with the same accounts and kind are one.
 * A rule with a rate alone applies to each group, rounded half up on the cumulative amount between the same parties. A rule with a fixed amount,
 * a minimum or a maximum applies once to the whole payment and is divided among the groups by what it is based on.
 */
export function splitOf(order: SplitOrder, rulesOf: (agreementId: string) => readonly SplitRule[]): SplitTransfer[] {
  const groups = groupsOf(order);
  const split = new Split();
  const seller = account.platform(order.platformId);
  for (const group of groups) {
    split.add({ from: order.source, to: seller, amount: group.gross, kind: 'purchase', refundable: true, external: order.external });
    group.left.set(seller, group.gross);
  }
  for (const agreementId of new Set(groups.map((group) => group.agreementId))) {
    const own = groups.filter((group) => group.agreementId === agreementId);
    for (const rule of rulesOf(agreementId)) applyRule(rule, order, own, split);
  }
  return split.transfers();
}

/** True for a rule whose amount is computed once for the whole payment. */
export const appliesPerPayment = (rule: SplitRule): boolean =>
  rule.fixedMinor !== undefined || rule.minimumMinor !== undefined || rule.maximumMinor !== undefined;

function applyRule(rule: SplitRule, order: SplitOrder, groups: readonly Group[], split: Split): void {
  if (rolesAreMissing(rule, order)) return;
  const bases = groups.map((group) => baseOf(rule, order, group));
  const amounts = appliesPerPayment(rule) ? amountsPerPayment(rule, groups, bases) : amountsPerGroup(rule, order, groups, bases);
  groups.forEach((group, index) => moveBetweenRoles(rule, order, group, amounts[index] ?? 0n, split));
}

const rolesAreMissing = (rule: SplitRule, order: SplitOrder): boolean =>
  order.referrerId === undefined && (rule.from === 'referrer' || rule.to === 'referrer');

function baseOf(rule: SplitRule, order: SplitOrder, group: Group): bigint {
  if (rule.basis === 'gross') return group.gross;
  return sumMinor(accountsOf(rule.from, rule, order, group).map(({ name }) => max(0n, group.left.get(name) ?? 0n)));
}

function amountsPerGroup(rule: SplitRule, order: SplitOrder, groups: readonly Group[], bases: readonly bigint[]): bigint[] {
  const cumulative = new Map<string, bigint>();
  return groups.map((group, index) => {
    const parties = [rule.from, rule.to].map((role) => namesOf(accountsOf(role, rule, order, group))).join(' > ');
    const before = cumulative.get(parties) ?? 0n;
    const after = before + (bases[index] ?? 0n);
    cumulative.set(parties, after);
    return basisPointsOf(after, rule.rateBasisPoints) - basisPointsOf(before, rule.rateBasisPoints);
  });
}

const namesOf = (accounts: readonly { name: string; share: bigint }[]): string =>
  accounts.map(({ name, share }) => `${name} ${share}`).join(', ');

function amountsPerPayment(rule: SplitRule, groups: readonly Group[], bases: readonly bigint[]): bigint[] {
  const base = sumMinor(bases);
  const computed = basisPointsOf(base, rule.rateBasisPoints) + BigInt(rule.fixedMinor ?? 0);
  const atLeast = max(computed, BigInt(rule.minimumMinor ?? 0));
  const amount = rule.maximumMinor === undefined ? atLeast : min(atLeast, BigInt(rule.maximumMinor));
  const weights = base > 0n ? bases : groups.map((group) => group.gross);
  return sumMinor(weights) > 0n ? allocate(amount, weights) : groups.map((_, index) => (index === 0 ? amount : 0n));
}

/** Several creators give or get by their shares; giving on the basis of what is left, by what each has left. */
function moveBetweenRoles(rule: SplitRule, order: SplitOrder, group: Group, amount: bigint, split: Split): void {
  if (amount === 0n) return;
  const givers = accountsOf(rule.from, rule, order, group);
  const takers = accountsOf(rule.to, rule, order, group);
  const lefts = givers.map(({ name }) => max(0n, group.left.get(name) ?? 0n));
  const given = allocate(amount, rule.basis === 'left' && sumMinor(lefts) > 0n ? lefts : givers.map(({ share }) => share));
  givers.forEach((giver, index) => {
    const taken = allocate(
      given[index] ?? 0n,
      takers.map(({ share }) => share),
    );
    takers.forEach((taker, position) => {
      const part = taken[position] ?? 0n;
      if (part === 0n || giver.name === taker.name) return;
      split.add({ from: giver.name, to: taker.name, amount: part, kind: rule.kind, refundable: rule.refundable, external: false });
      group.left.set(giver.name, (group.left.get(giver.name) ?? 0n) - part);
      group.left.set(taker.name, (group.left.get(taker.name) ?? 0n) + part);
    });
  });
}

function accountsOf(role: SplitRole, rule: SplitRule, order: SplitOrder, group: Group): { name: string; share: bigint }[] {
  const one = (name: string) => [{ name, share: 1n }];
  switch (role) {
    case 'seller':
      return one(account.platform(order.platformId));
    case 'owner':
      return one(account.platform(group.ownerId));
    case 'processor':
      return one(account.platform(order.processorId));
    case 'referrer':
      return one(account.platform(order.referrerId ?? order.platformId));
    case 'hub':
      return one(rule.kind === 'provider-fee' ? account.providerFees : account.fees);
    case 'creator':
      // A work without creators is its owner's own: their share stays with the owner.
      if (group.creators.length === 0) return one(account.platform(group.ownerId));
      return group.creators.map(({ creatorId, share }) => ({ name: account.creator(creatorId), share: BigInt(share) }));
    default:
      return role satisfies never;
  }
}

function groupsOf(order: SplitOrder): Group[] {
  const groups = new Map<string, Group>();
  for (const item of order.items) {
    const creators = [...item.creators].sort((a, b) => (a.creatorId < b.creatorId ? -1 : 1));
    const key = JSON.stringify([item.agreementId, item.ownerId, creators.map(({ creatorId, share }) => [creatorId, share])]);
    const group = groups.get(key) ?? {
      agreementId: item.agreementId,
      ownerId: item.ownerId,
      creators,
      gross: 0n,
      left: new Map<string, bigint>(),
    };
    group.gross += BigInt(item.unitPriceMinor) * BigInt(item.quantity);
    groups.set(key, group);
  }
  return [...groups.values()];
}

interface Move {
  from: string;
  to: string;
  amount: bigint;
  kind: string;
  refundable: boolean;
  external: boolean;
}

/** Collects moves; equal ones become one transfer, in the order in which they first came. */
class Split {
  readonly #moves = new Map<string, Move>();

  add(move: Move): void {
    if (move.amount === 0n || move.from === move.to) return;
    const key = `${move.from}\n${move.to}\n${move.kind}\n${move.refundable}`;
    const earlier = this.#moves.get(key);
    if (earlier) earlier.amount += move.amount;
    else this.#moves.set(key, { ...move });
  }

  transfers(): SplitTransfer[] {
    return [...this.#moves.values()].map(({ from, to, amount, kind, refundable, external }) => ({
      from,
      to,
      amountMinor: toSafeInteger(amount),
      kind,
      refundable,
      ...(external && { external: true as const }),
    }));
  }
}

/** Net amounts that the posted part of a split takes from each party. */
export function netDebits(split: readonly SplitTransfer[]): Map<string, bigint> {
  const nets = new Map<string, bigint>();
  for (const { from, to, amountMinor, external } of split) {
    if (external) continue;
    nets.set(from, (nets.get(from) ?? 0n) - BigInt(amountMinor));
    nets.set(to, (nets.get(to) ?? 0n) + BigInt(amountMinor));
  }
  return new Map([...nets].filter(([, net]) => net < 0n).map(([name, net]) => [name, -net]));
}

/** What the ledger must hold before the payment may go on: a wallet's funds, and what parties with limits give net. */
export function reservationsOf(
  split: readonly SplitTransfer[],
  wallet: string | undefined,
  hasLimits: (party: string) => boolean,
): Reservation[] {
  return [...netDebits(split)]
    .filter(([name]) => name === wallet || (isParty(name) && hasLimits(name)))
    .map(([name, net]) => ({ account: name, amountMinor: toSafeInteger(net) }));
}

/** The provider's expected fee, for the day its bill comes: what the split's `provider-fee` transfers come to. */
export const expectedProviderFee = (split: readonly SplitTransfer[]): number =>
  toSafeInteger(sumMinor(split.filter(({ kind }) => kind === 'provider-fee').map(({ amountMinor }) => amountMinor)));

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
