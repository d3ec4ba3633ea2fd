import { describe, expect, it } from '@jest/globals';
import type { StoredEvent } from '@tongbao/event-store';
import { Bookkeeper, captured, example1, placeHold, registered } from '../test/builders.js';
import { ledgerPublisher } from './ledger.publish.js';

const published = (keeper: Bookkeeper) =>
  keeper.journal.flatMap((event, revision) =>
    ledgerPublisher.publish({
      event,
      stream: 'journal-main',
      revision,
      position: 1n,
      id: 'x',
      metadata: {},
      createdAt: new Date(),
    } satisfies StoredEvent),
  );

describe('the ledger tells', () => {
  it('who asked for a hold of a payment or payout what became of it', () => {
    const keeper = new Bookkeeper().facts(registered('platform:A'), registered('platform:B'), captured(example1));
    keeper.command(placeHold('h1', 'platform:A', 900, { purpose: 'payout', ref: 'po_1' }));
    keeper.command(placeHold('h2', 'user:u:wallet', 1, { ref: 'pay_2' }));
    expect(published(keeper)).toEqual([
      {
        topic: 'tongbao.ledger.events',
        key: 'po_1',
        type: 'HoldPlaced',
        data: { type: 'HoldPlaced', holdId: 'h1', purpose: 'payout', ref: 'po_1' },
      },
      {
        topic: 'tongbao.ledger.events',
        key: 'pay_2',
        type: 'HoldRefused',
        data: { type: 'HoldRefused', holdId: 'h2', purpose: 'payment', ref: 'pay_2', code: 'insufficient_funds' },
      },
    ]);
  });

  it('nobody of holds placed by operators, voided holds and facts', () => {
    const keeper = new Bookkeeper().facts(registered('platform:A'), captured(example1));
    keeper.command(placeHold('h1', 'platform:A', 1, { purpose: 'operator' }));
    keeper.command({ command: 'VoidHold', commandId: 'v', holdId: 'h1' });
    expect(published(keeper)).toEqual([]);
  });

  it('a party how much of its cap is used', () => {
    const use = { party: 'platform:A', currency: 'CNY', percent: 75, previousPercent: 0, usedMinor: 760, limitMinor: 1_000 };
    const event = { type: 'CapUseChanged', ...use, capMinor: 900, liquidityMinor: 100, changedAt: '' };
    const stored = { event, stream: 'cap-platform:A_CNY', revision: 0, position: 1n, id: 'x', metadata: {}, createdAt: new Date() };
    expect(ledgerPublisher.publish(stored)).toEqual([
      { topic: 'tongbao.ledger.events', key: 'platform:A', type: 'CapUseChanged', data: { type: 'CapUseChanged', ...use } },
    ]);
  });
});
