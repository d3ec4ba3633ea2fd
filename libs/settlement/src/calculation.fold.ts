import type { PartySettlement, SettlementCalculated, SettlementPartiesCalculated } from '@tongbao/contracts';
import { carry } from './carry.fold.js';
import type { CarriedElsewhere, PartyUndo } from './calculation.tables.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';

/** An event with rows of a calculation: one of its slices, or what it ends with. */
type Calculated = SettlementPartiesCalculated | SettlementCalculated;

/**
 * What a calculation comes to: each party's parts, what is carried on, the base of its reserve, and the reserves that it releases. What is carried in is consumed
 * and what is carried out is left for the next one: the carried amount of a party is the running sum of both. One of very many parties is folded slice by
 * slice: what one of them has taken, nobody else is calculated with.
 */
export async function foldCalculation(event: Calculated, slice: number, rows: SettlementRows): Promise<void> {
  const { settlementId, direct = null } = event;
  const undo = await undosOf(event, rows);
  for (const party of event.parties) rows.put('settlementParties', partyRow(settlementId, party));
  for (const { debtor, creditor, amountMinor } of event.obligations) {
    rows.put('settlementObligations', { settlementId, debtor, creditor, amountMinor: BigInt(amountMinor) });
  }
  for (const each of undo) await apply(event, each, 1n, rows);
  rows.put('calculationSlices', { settlementId, slice, undo, leaving: leavingOf(event), direct });
}

type FoldedSettlement = Pick<RowOf<'settlements'>, 'settlementId' | 'model' | 'currency' | 'slices'>;

/** An abort takes back what was calculated so far. */
export async function foldAbort(settlement: FoldedSettlement, rows: SettlementRows): Promise<void> {
  for await (const { undo } of spend(settlement, rows)) for (const each of undo ?? []) await apply(settlement, each, -1n, rows);
}

/** What is carried out to another model goes there once the settlement can no longer be aborted. */
export async function foldLeaving(settlement: FoldedSettlement, rows: SettlementRows): Promise<void> {
  for await (const { leaving } of spend(settlement, rows)) {
    for (const { party, model, amountMinor, debitMinor } of leaving ?? [])
      await carry({ model, currency: settlement.currency }, party, BigInt(amountMinor), rows, BigInt(debitMinor));
  }
}

/** Neither can it be aborted after this, nor is there anything left of it to go elsewhere. */
async function* spend({ settlementId, slices }: FoldedSettlement, rows: SettlementRows): AsyncGenerator<RowOf<'calculationSlices'>> {
  for (let slice = 1; slice <= slices; slice += 1) {
    const row = await rows.require('calculationSlices', settlementId, slice);
    yield row;
    rows.put('calculationSlices', { ...row, undo: null, leaving: null });
  }
}

function partyRow(settlementId: string, row: PartySettlement): RowOf<'settlementParties'> {
  const { party, action, sides, reserve = null, legs = null, collectBy = null, carriedTo = null, payIn = null } = row;
  return {
    ...{ settlementId, party, action, sides, reserve, legs, collectBy, carriedTo, payIn },
    carriedInMinor: BigInt(row.carriedInMinor),
    netMinor: BigInt(row.netMinor),
    payableMinor: BigInt(row.payableMinor),
    carriedOutMinor: BigInt(row.carriedOutMinor),
    directMinor: BigInt(row.directMinor ?? 0),
    withheldMinor: BigInt(row.withheldMinor ?? 0),
    releasedMinor: BigInt(row.releasedMinor ?? 0),
  };
}

/** What a calculation changes of what other settlements are calculated from; what an abort takes back. */
async function undosOf({ model, currency, parties }: Calculated, rows: SettlementRows): Promise<PartyUndo[]> {
  const undos: PartyUndo[] = [];
  for (const row of parties) {
    const { party, carriedInMinor, carriedOutMinor, carriedTo, reserve, withheldMinor = 0, releases = [] } = row;
    const stays = carriedTo === undefined ? carriedOutMinor : 0;
    const undo = {
      party,
      carriedMinor: String(stays - carriedInMinor),
      debitMinor: String(await debitChange(row, model, currency, rows)),
      basisPointMinor: String(reserve ? BigInt(reserve.baseMinor) * BigInt(reserve.basisPoints) : 0n),
      withheldMinor: String(withheldMinor),
      releases: releases.map(({ settlementId }) => settlementId),
    };
    if (isAnything(undo)) undos.push(undo);
  }
  return undos;
}

const isAnything = ({ carriedMinor, debitMinor, basisPointMinor, releases }: PartyUndo): boolean =>
  [carriedMinor, debitMinor, basisPointMinor].some((amount) => amount !== '0') || releases.length > 0;

/** A net model takes in what was kept apart, and leaves one amount. */
async function debitChange(
  { party, legs, carriedTo }: PartySettlement,
  model: string,
  currency: string,
  rows: SettlementRows,
): Promise<bigint> {
  const known = (await rows.get('carries', model, currency, party))?.debitMinor ?? 0n;
  if (!legs) return -known;
  const taken = BigInt(legs.paid.carriedInMinor);
  return (carriedTo === undefined ? BigInt(legs.paid.carriedOutMinor) : 0n) - (taken < known ? taken : known);
}

/** What is carried out to another model goes there only when the settlement can no longer be aborted: that model may settle at any moment. */
const leavingOf = ({ parties }: Calculated): CarriedElsewhere[] =>
  parties.flatMap(({ party, carriedOutMinor, carriedTo, legs }) =>
    carriedTo === undefined || carriedOutMinor === 0
      ? []
      : [{ party, model: carriedTo, amountMinor: carriedOutMinor, debitMinor: legs?.paid.carriedOutMinor ?? 0 }],
  );

/** @param sign 1n: the calculation; -1n: its abort */
async function apply(
  settlement: { settlementId: string; model: string; currency: string },
  undo: PartyUndo,
  sign: 1n | -1n,
  rows: SettlementRows,
): Promise<void> {
  const { settlementId, currency } = settlement;
  const { party, releases } = undo;
  await carry(settlement, party, sign * BigInt(undo.carriedMinor), rows, sign * BigInt(undo.debitMinor));
  if (undo.basisPointMinor !== '0') {
    const base = (await rows.get('reserveBases', party, currency)) ?? { basisPointMinor: 0n, withheldMinor: 0n };
    rows.put('reserveBases', {
      ...{ party, currency },
      basisPointMinor: base.basisPointMinor + sign * BigInt(undo.basisPointMinor),
      withheldMinor: base.withheldMinor + sign * BigInt(undo.withheldMinor),
    });
  }
  for (const withheldIn of releases) {
    const reserve = await rows.require('reserves', withheldIn, party);
    rows.put('reserves', { ...reserve, releasedBy: sign === 1n ? settlementId : null });
  }
}
