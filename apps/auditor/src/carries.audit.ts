import { integer, list, Sums, text, type Json, type Recorded } from './record.js';

/** What changes what is carried: by the model, currency and party that it is carried to. */
type Change = [key: string, amount: bigint];

/**
 * What settlements carry on is what the next one of the model carries in, all of it. Something may be given back to be carried while a settlement is being calculated: then
 * it is one amount or the other.
 */
export function auditCarries(recorded: readonly Recorded[]): string[] {
  const problems: string[] = [];
  const carried = new Sums();
  /** Of settlements under way: what was carried since they were asked for, by key. */
  const since = new Map<string, Map<string, bigint[]>>();
  const calculated = new Map<string, Json>();
  const slices = new Map<string, Json[]>();
  for (const { type, data } of recorded) {
    if (type === 'SettlementRequested') since.set(text(data, 'settlementId'), new Map());
    if (type === 'SettlementPartiesCalculated') {
      const settlementId = text(data, 'settlementId');
      slices.set(settlementId, [...(slices.get(settlementId) ?? []), ...list(data, 'parties')]);
    }
    if (type === 'SettlementCalculated') {
      const settlementId = text(data, 'settlementId');
      const whole = { ...data, parties: [...(slices.get(settlementId) ?? []), ...list(data, 'parties')] };
      problems.push(...auditCalculation(whole, carried, since.get(settlementId)));
      since.delete(settlementId);
      calculated.set(settlementId, whole);
    }
    const changes = type === 'SettlementPaying' ? changesOf(calculated.get(text(data, 'settlementId')) ?? {}) : givenBack(type, data);
    for (const [key, amount] of changes) {
      for (const before of since.values()) before.set(key, [...(before.get(key) ?? []), carried.get(key)]);
      carried.add(key, amount);
    }
  }
  return problems;
}

function auditCalculation(data: Json, carried: Sums, since: ReadonlyMap<string, readonly bigint[]> | undefined): string[] {
  const problems: string[] = [];
  const rows = new Map(list(data, 'parties').map((row) => [`${text(data, 'model')} ${text(data, 'currency')} ${text(row, 'party')}`, row]));
  const prefix = `${text(data, 'model')} ${text(data, 'currency')} `;
  for (const key of new Set([...rows.keys(), ...carried.keys().filter((each) => each.startsWith(prefix))])) {
    const row = rows.get(key);
    const carriedIn = row ? integer(row, 'carriedInMinor') : 0n;
    const right = [carried.get(key), ...(since?.get(key) ?? [])];
    if (!right.includes(carriedIn))
      problems.push(`${text(data, 'settlementId')}: ${key} carries in ${carriedIn}, and had ${right.join(' or ')}`);
  }
  return problems;
}

/** Of a settlement that can no longer be aborted. */
function changesOf(calculation: Json): Change[] {
  return list(calculation, 'parties').flatMap((row): Change[] => {
    const key = (model: string) => `${model} ${text(calculation, 'currency')} ${text(row, 'party')}`;
    const own = text(calculation, 'model');
    const to = row['carriedTo'] === undefined ? own : text(row, 'carriedTo');
    return [
      [key(own), -integer(row, 'carriedInMinor')],
      [key(to), integer(row, 'carriedOutMinor')],
    ];
  });
}

/** What a settlement could not move, and what platforms did not pay each other. */
function givenBack(type: string, data: Json): Change[] {
  const key = (model: string, party: string) => `${text(data, model)} ${text(data, 'currency')} ${text(data, party)}`;
  const amount = () => integer(data, 'amountMinor');
  switch (type) {
    case 'PayoutCarried':
      return [[key('model', 'party'), data['direction'] === 'collection' ? -amount() : amount()]];
    case 'ExchangeCarried':
      return [[key('model', 'party'), amount()]];
    case 'LiquidityDrawRefused':
      return [[key('model', 'party'), -amount()]];
    case 'ObligationCarried':
      return [
        [key('debtorModel', 'party'), -amount()],
        [key('creditorModel', 'creditor'), amount()],
      ];
    default:
      return [];
  }
}
