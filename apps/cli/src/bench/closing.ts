import type { HubUnderTest } from './hub-under-test.js';
import type { SettlementLog } from './settlement-log.js';

/** Settings of a hub whose settlements need no second person, as far as its models allow that. */
export const approvesAll = { SETTLEMENT_AUTOMATIC_APPROVAL_MINOR: '1000000000000' };

/** Milliseconds: of the command as who asked for it sees it, and between the events of a settlement as they were received from the log. */
export interface Closing {
  /** Facts of payments in the window. */
  facts: number;
  /** The answer to the command that closes the window. */
  command: number;
  closedToRequested: number;
  requestedToCalculated: number;
  /** Compared with the ledger, approved, past abort, and every payout and collection asked for. */
  calculatedToPayouts: number;
  closedToCalculated: number;
  closedToPayouts: number;
}

/** The window of a currency that is open. */
export async function openWindowOf(hub: Pick<HubUnderTest, 'as'>, currency: string): Promise<string> {
  const { items } = await hub.as('finance').get<{ items: { windowId: string }[] }>('/v1/settlement/windows', { currency, state: 'open' });
  const [window] = items;
  if (!window) throw new Error(`there is no open window of ${currency}`);
  return window.windowId;
}

/** Closes the open window of a currency, and asks for its settlement as soon as that is answered. */
export async function closeWindow(
  hub: Pick<HubUnderTest, 'as'>,
  currency: string,
): Promise<{ windowId: string; settlementId: string; commandMs: number }> {
  const finance = hub.as('finance');
  const windowId = await openWindowOf(hub, currency);
  const startedMs = performance.now();
  await finance.post(`/v1/settlement/windows/${windowId}/close`);
  const commandMs = performance.now() - startedMs;
  const { settlementId } = await finance.post<{ settlementId: string }>('/v1/settlement/settlements', { body: { windowIds: [windowId] } });
  return { windowId, settlementId, commandMs };
}

/**
 * The same, and waits until every payout is asked for.
 * @param payouts how many there are, collections included
 */
export async function measureClosing(
  hub: Pick<HubUnderTest, 'as'>,
  log: SettlementLog,
  currency: string,
  payouts: number,
): Promise<Closing> {
  const { windowId, settlementId, commandMs } = await closeWindow(hub, currency);
  const requestedPayouts = await log.when('PayoutRequested', settlementId, payouts);
  const closed = await log.when('WindowClosed', windowId);
  const requested = await log.when('SettlementRequested', settlementId);
  const calculated = await log.when('SettlementCalculated', settlementId);
  return {
    facts: log.factsOf(settlementId),
    command: commandMs,
    closedToRequested: requested - closed,
    requestedToCalculated: calculated - requested,
    calculatedToPayouts: requestedPayouts - calculated,
    closedToCalculated: calculated - closed,
    closedToPayouts: requestedPayouts - closed,
  };
}
