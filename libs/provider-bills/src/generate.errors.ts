import type { BillType, Provider } from './bill-line.js';
import { type BilledMovement, type ChosenError, type PlantedBreak, type WrittenMovement, madeRef } from './generate.types.js';
import type { BreakKind, Side } from './reconcile.types.js';

const keyOf = (error: ChosenError): string => (error.error === 'extra' ? error.movement.key : error.key);

/**
 * Movements as they go into a bill with errors; extra ones come last.
 * @throws RangeError for two errors of one key, a key that no movement has, and errors that such a bill cannot show
 */
export function* withErrors(
  movements: Iterable<BilledMovement>,
  errors: readonly ChosenError[],
  provider: Provider,
  bill: BillType,
): Generator<WrittenMovement> {
  const open = new Map(errors.map((error) => [keyOf(error), error]));
  if (open.size < errors.length) throw new RangeError('a key has at most one error in a bill');
  for (const movement of movements) {
    const error = open.get(movement.key);
    if (error !== undefined && error.error !== 'extra') open.delete(movement.key);
    yield* written(numbered(movement, provider), error, provider, bill);
  }
  for (const error of errors) {
    if (error.error === 'extra') yield numbered(error.movement, provider);
    else if (open.has(error.key)) throw new RangeError(`no movement has the key ${error.key}`);
  }
}

const numbered = (movement: BilledMovement, provider: Provider): WrittenMovement => ({
  ...movement,
  providerRef: movement.providerRef ?? madeRef(provider, movement),
});

function* written(
  movement: WrittenMovement,
  error: ChosenError | undefined,
  provider: Provider,
  bill: BillType,
): Generator<WrittenMovement> {
  switch (error?.error) {
    case undefined:
      yield movement;
      return;
    case 'missing':
      return;
    case 'extra':
      throw new RangeError(`${movement.key} is the key of a movement: what is extra has its own`);
    case 'amount':
      yield { ...movement, amountMinor: changed(movement.amountMinor, error.byMinor) };
      return;
    case 'fee':
      yield { ...movement, feeMinor: changed(movement.feeMinor, error.byMinor) };
      return;
    case 'status':
      if (provider !== 'wechat' || bill !== 'trade' || movement.kind !== 'refund')
        throw new RangeError('this bill says no status of this movement');
      yield { ...movement, status: 'failed' };
      return;
    case 'duplicate':
      yield movement;
      yield { ...movement, isCopy: true };
      return;
    default:
      error satisfies never;
  }
}

function changed(amount: number, by: number): number {
  if (by === 0 || amount + by < 0) throw new RangeError(`${amount} cannot be made wrong by ${by}`);
  return amount + by;
}

const kinds: Readonly<Record<ChosenError['error'], BreakKind>> = {
  missing: 'missing_at_provider',
  extra: 'missing_here',
  amount: 'amount_differs',
  fee: 'fee_differs',
  status: 'status_differs',
  duplicate: 'duplicate',
};

/** The breaks that `reconcile` finds in bills with these errors, given the movements as facts; sorted by key and kind. */
export function plantedBreaks(errors: Partial<Record<BillType, readonly ChosenError[]>>): PlantedBreak[] {
  const bills = (['trade', 'fund'] as const).filter((bill) => errors[bill] !== undefined);
  const found = new Map<string, { kind: BreakKind; key: string; bills: BillType[] }>();
  for (const bill of bills) {
    for (const error of errors[bill] ?? []) {
      const [kind, key] = [kinds[error.error], keyOf(error)];
      const planted = found.get(`${key} ${kind}`) ?? { kind, key, bills: [] };
      planted.bills.push(bill);
      found.set(`${key} ${kind}`, planted);
    }
  }
  return [...found.values()]
    .flatMap(({ kind, key, bills: on }) => plantedOn(kind, key, on, bills))
    .sort((a, b) => (`${a.key} ${a.kind}` < `${b.key} ${b.kind}` ? -1 : 1));
}

function plantedOn(kind: BreakKind, key: string, on: readonly BillType[], bills: readonly BillType[]): PlantedBreak[] {
  if (kind === 'missing_here') return [{ kind, key, on: ['events', ...bills.filter((bill) => !on.includes(bill))] satisfies Side[] }];
  // Each bill that has it twice is a break of its own.
  return kind === 'duplicate' ? on.map((bill) => ({ kind, key, on: [bill] })) : [{ kind, key, on }];
}
