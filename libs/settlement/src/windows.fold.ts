import {
  isNetted,
  mendsPosting,
  type EntriesPosted,
  type JournalEntry,
  type JournalTransfer,
  type Party,
  type WindowEvent,
} from '@tongbao/contracts';
import { idOf, type StoredEvent } from '@tongbao/event-store';
import { modelOf } from './assignment.fold.js';
import { windowIdOf } from './models.js';
import type { RowOf, SettlementRows } from './settlement.rows.js';
import { coverGainedBy } from './cover-gains.js';
import { nettedSidesOf, type FactTransfer } from './sides.js';
import { beginWindow, currentWindow } from './window.rows.js';

/**
 * Windows and their nets, kept as events arrive. Which window a fact belongs to is told by its place in the log alone: everything between two
 * WindowClosed of a model and currency is the second one's, whenever it was decided and whatever the clock said.
 */
export async function foldWindow(event: WindowEvent, position: bigint, rows: SettlementRows): Promise<void> {
  const { windowId, model, currency, sequence } = event;
  const isFirst = event.type === 'WindowOpened' && sequence === 1;
  const window = isFirst ? await currentWindow(rows, model, currency) : await rows.require('windows', windowId);
  rows.put('windows', windowAfter(window, event, position));
  if (event.type !== 'WindowClosed') return;
  beginWindow(rows, model, currency, sequence + 1, position);
}

function windowAfter(window: RowOf<'windows'>, event: WindowEvent, position: bigint): RowOf<'windows'> {
  switch (event.type) {
    case 'WindowOpened':
      return { ...window, openedAt: event.openedAt };
    case 'WindowClosed':
      return { ...window, state: 'closed', cutOff: position, closedAt: event.closedAt, closedBy: event.by };
    case 'WindowClaimed':
      return { ...window, state: 'settling', settlementId: event.settlementId };
    case 'WindowReleased':
      return { ...window, state: 'closed', settlementId: null };
    case 'WindowSettled':
      return { ...window, state: 'settled', settlementId: event.settlementId };
    default:
      return event satisfies never;
  }
}

/**
 * A fact's sides go to each party's own window that is open at this place of the log.
 * @param awaited position of a fact that the ledger has yet to post; none for what the ledger posted of its own
 */
export async function foldTransfers(
  currency: string,
  transfers: readonly FactTransfer[],
  awaited: bigint | undefined,
  rows: SettlementRows,
): Promise<void> {
  const windows = new OpenWindows(rows, currency);
  for (const [party, total] of totalsByParty(transfers)) {
    const window = await windows.of(party);
    const net = await netOf(rows, window.windowId, party);
    const { receivedMinor, paidMinor, sides } = net;
    const paid = paidMinor + total.paidMinor;
    rows.put('windowNets', { ...net, receivedMinor: receivedMinor + total.receivedMinor, paidMinor: paid, sides: sides + total.sides });
  }
  for (const window of windows.touched) rows.put('windows', { ...window, facts: window.facts + 1, lastFact: awaited ?? window.lastFact });
  for (const { from, to, amountMinor, external } of transfers) {
    if (external || from === to || amountMinor === 0 || !isPlatform(from) || !isPlatform(to)) continue;
    const { windowId } = await windows.of(from);
    // Platforms of two models settle their sides at different times, each with the hub: neither owes the other anything directly.
    if ((await windows.of(to)).windowId !== windowId) continue;
    const known = await rows.get('obligations', windowId, from, to);
    rows.put('obligations', { windowId, debtor: from, creditor: to, amountMinor: (known?.amountMinor ?? 0n) + BigInt(amountMinor) });
  }
}

const isPlatform = (name: string): name is Party => name.startsWith('platform:');

/** The windows that take a fact's sides in: most facts need one, which is looked up once; and so is each party's model. */
class OpenWindows {
  readonly #byModel = new Map<string, RowOf<'windows'>>();
  readonly #byParty = new Map<string, RowOf<'windows'>>();

  constructor(
    private readonly rows: SettlementRows,
    private readonly currency: string,
  ) {}

  async of(party: Party): Promise<RowOf<'windows'>> {
    const known = this.#byParty.get(party);
    if (known) return known;
    const model = await modelOf(this.rows, party, this.currency);
    const window = this.#byModel.get(model) ?? (await currentWindow(this.rows, model, this.currency));
    this.#byModel.set(model, window);
    this.#byParty.set(party, window);
    return window;
  }

  get touched(): Iterable<RowOf<'windows'>> {
    return this.#byModel.values();
  }
}

interface PartyTotal {
  receivedMinor: bigint;
  paidMinor: bigint;
  sides: number;
}

function totalsByParty(transfers: readonly FactTransfer[]): Map<Party, PartyTotal> {
  const totals = new Map<Party, PartyTotal>();
  for (const { party, amountMinor } of nettedSidesOf(transfers)) {
    const total = totals.get(party) ?? { receivedMinor: 0n, paidMinor: 0n, sides: 0 };
    if (amountMinor > 0) total.receivedMinor += BigInt(amountMinor);
    else total.paidMinor -= BigInt(amountMinor);
    total.sides += 1;
    totals.set(party, total);
  }
  return totals;
}

/**
 * The ledger's side of it. An entry that posts a fact counts in the window that holds the fact's position, though that may be closed by now;
 * one that an operator posted is itself the fact, and counts where the journal has it. But what mends the posting of a fact counts with that fact, on the
 * ledger's side alone.
 */
export async function foldJournal(stored: StoredEvent<EntriesPosted>, rows: SettlementRows): Promise<void> {
  const { event, stream, revision, position } = stored;
  const entries = event.firstEntry + event.entries.length;
  rows.put('ledgerProgress', { journal: idOf(stream), sourcePosition: BigInt(event.sourcePosition), revision, entries });
  for (const currency of coverGainedBy(event)) rows.put('coverGains', { currency, position });
  for (const [index, entry] of event.entries.entries()) {
    if (!isNetted(entry)) continue;
    if (entry.position === undefined) await foldOwnEntry(entry, event.firstEntry + index, position, rows);
    else for (const [currency, own] of byCurrency(entry.transfers)) await addLedgerSides(currency, own, BigInt(entry.position), rows);
  }
}

async function foldOwnEntry(entry: JournalEntry, number: number, position: bigint, rows: SettlementRows): Promise<void> {
  const mended = entry.transfers.filter((transfer) => mendsPosting(entry, transfer));
  if (mended.length > 0) {
    const ofFact = BigInt(entry.correctsPosition ?? position);
    rows.put('mendings', { entry: number, position: ofFact, transfers: mended });
    for (const [currency, transfers] of byCurrency(mended)) await addLedgerSides(currency, transfers, ofFact, rows, true);
  }
  const own = mended.length === 0 ? entry.transfers : entry.transfers.filter((transfer) => !mended.includes(transfer));
  for (const [currency, transfers] of byCurrency(own)) {
    await foldTransfers(currency, transfers, undefined, rows);
    await addLedgerSides(currency, transfers, position, rows);
  }
}

async function addLedgerSides(
  currency: string,
  transfers: readonly JournalTransfer[],
  position: bigint,
  rows: SettlementRows,
  mends = false,
): Promise<void> {
  for (const [party, { receivedMinor, paidMinor, sides }] of totalsByParty(transfers)) {
    const { windowId } = await windowHolding(rows, party, currency, position);
    const net = await netOf(rows, windowId, party);
    const mendedSides = mends ? net.mendedSides + sides : net.mendedSides;
    const ledgerMinor = net.ledgerMinor + receivedMinor - paidMinor;
    rows.put('windowNets', { ...net, ledgerMinor, ledgerSides: net.ledgerSides + sides, mendedSides });
  }
}

/** By the model that the party had there, and back from its open window; the ledger is never far behind, so this is a step or two. */
async function windowHolding(rows: SettlementRows, party: Party, currency: string, position: bigint): Promise<RowOf<'windows'>> {
  const model = await modelOf(rows, party, currency, position);
  let window = await currentWindow(rows, model, currency);
  while (window.sequence > 1 && position <= window.afterPosition) {
    window = await rows.require('windows', windowIdOf(model, currency, window.sequence - 1));
  }
  return window;
}

async function netOf(rows: SettlementRows, windowId: string, party: string): Promise<RowOf<'windowNets'>> {
  const known = await rows.get('windowNets', windowId, party);
  return known ?? { windowId, party, receivedMinor: 0n, paidMinor: 0n, sides: 0, ledgerMinor: 0n, ledgerSides: 0, mendedSides: 0 };
}

const byCurrency = (transfers: readonly JournalTransfer[]): Map<string, JournalTransfer[]> =>
  Map.groupBy(transfers, ({ currency }) => currency);
