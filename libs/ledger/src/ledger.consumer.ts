import { Controller } from '@nestjs/common';
import { Consume, type Message } from '@tongbao/bus';
import { topics, type PlaceHold, type VoidHold } from '@tongbao/contracts';
import type { Command } from './commands.js';
import { Ledger } from './ledger.js';

const group = 'ledger';
const mostReservations = 100;

/** Commands of other services. A refusal is an outcome like another: it is answered through the journal. */
@Controller()
export class LedgerConsumer {
  constructor(private readonly ledger: Ledger) {}

  @Consume({ group, topic: topics.ledgerCommands, type: 'PlaceHold' })
  async placeHold({ id, data }: Message<PlaceHold>): Promise<void> {
    checkHold(data);
    const { holdId, currency, reservations, purpose, ref, paysDebt, staysInHub } = data;
    if (!Array.isArray(reservations) || reservations.length > mostReservations || !reservations.every(isReservation))
      throw new Error('PlaceHold.reservations must list accounts with integer amounts');
    if (typeof currency !== 'string') throw new Error('PlaceHold.currency must be a text');
    const copied = reservations.map(({ account, amountMinor }) => ({ account, amountMinor }));
    const says = { ...(paysDebt === true && { paysDebt }), ...(staysInHub === true && { staysInHub }) };
    const hold = { holdId, currency, reservations: copied, purpose, ref, ...says };
    await this.#submit({ command: 'PlaceHold', commandId: id, ...hold });
  }

  @Consume({ group, topic: topics.ledgerCommands, type: 'VoidHold' })
  async voidHold({ id, data }: Message<VoidHold>): Promise<void> {
    checkHold(data);
    await this.#submit({ command: 'VoidHold', commandId: id, holdId: data.holdId });
  }

  async #submit(command: Command): Promise<void> {
    const { replayed, code } = await this.ledger.submit(command);
    if (replayed && code === 'exists_with_different_content') throw new Error(`the id ${command.commandId} was used by another command`);
  }
}

/** What comes over the bus is typed by its name only. */
function checkHold(data: Partial<Record<'holdId' | 'ref' | 'purpose', unknown>>): void {
  if (typeof data.holdId !== 'string' || typeof data.ref !== 'string') throw new Error('holdId and ref must be texts');
  if (data.purpose !== 'payment' && data.purpose !== 'payout') throw new Error('purpose must be payment or payout');
}

const isReservation = ({ account, amountMinor }: Partial<Record<'account' | 'amountMinor', unknown>>): boolean =>
  typeof account === 'string' && Number.isSafeInteger(amountMinor);
