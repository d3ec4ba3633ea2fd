import { Controller, Inject } from '@nestjs/common';
import { Consume, type Message } from '@tongbao/bus';
import { topics, type HoldPlaced, type HoldRefused } from '@tongbao/contracts';
import type { OrderCommand } from './bank-order.js';
import { isDrawRef, LiquidityDraws } from './liquidity-draws.js';
import { PAYOUT_ORDERS, WITHDRAWAL_ORDERS } from './bank.tokens.js';
import type { PayoutOrders } from './payout.orders.js';
import type { WithdrawalOrders } from './withdrawal.orders.js';
import { isWithdrawalId } from './withdrawal.js';

const group = 'settlement';

/** The ledger's answers to the holds that payouts, withdrawals and draws were asked for under. */
@Controller()
export class HoldAnswersConsumer {
  constructor(
    @Inject(PAYOUT_ORDERS) private readonly payouts: PayoutOrders,
    @Inject(WITHDRAWAL_ORDERS) private readonly withdrawals: WithdrawalOrders,
    private readonly draws: LiquidityDraws,
  ) {}

  @Consume({ group, topic: topics.ledgerEvents, type: 'HoldPlaced' })
  async placed({ id, data }: Message<HoldPlaced>): Promise<void> {
    if (data.purpose !== 'payout') return;
    if (isDrawRef(data.ref)) await this.draws.answered(data.ref, data.holdId, undefined, id);
    else await this.#record(data.ref, id, { type: 'RecordHoldPlaced', holdId: data.holdId });
  }

  @Consume({ group, topic: topics.ledgerEvents, type: 'HoldRefused' })
  async refused({ id, data }: Message<HoldRefused>): Promise<void> {
    if (data.purpose !== 'payout') return;
    if (isDrawRef(data.ref)) await this.draws.answered(data.ref, data.holdId, data.code, id);
    else await this.#record(data.ref, id, { type: 'RecordHoldRefused', holdId: data.holdId, code: data.code });
  }

  async #record(id: string, messageId: string, command: OrderCommand): Promise<void> {
    const context = { commandId: `message ${messageId}` };
    const { refused } = isWithdrawalId(id)
      ? await this.withdrawals.step(id, command, context)
      : await this.payouts.step(id, command, context);
    if (refused !== undefined) throw new Error(`the ledger answered about ${id}, which cannot take it: ${refused}`);
  }
}
