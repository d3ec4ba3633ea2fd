import { describe, expect, it } from '@jest/globals';
import type { AgreementEvent, ParticipantEvent, PaymentEvent, TopUpEvent } from '@tongbao/contracts';
import { goldenEvents } from '@tongbao/testing';
import { agreementFold } from './agreement.decide.js';
import { accountInForce } from './bank-account.decide.js';
import { participantFold } from './participant.decide.js';
import { paymentFold } from './payment.js';
import { topUpFold } from './top-up.js';

/** Each event once, after those that must come first. */
const ordered = <E extends { type: string }>(category: string, first: string): E[] => {
  const events = goldenEvents<E>(category).map(({ event }) => event);
  return [...events.filter(({ type }) => type === first), ...events.filter(({ type }) => type !== first)];
};

describe('every event that was ever written is still understood', () => {
  const request = ordered<PaymentEvent>('payment', 'PaymentRequested')[0]!;
  it.each(ordered<PaymentEvent>('payment', 'PaymentRequested').map((event) => [event.type, event] as const))('%s', (type, event) => {
    const before = type === 'PaymentRequested' ? undefined : paymentFold.evolve(undefined, request);
    expect(paymentFold.evolve(before, event)).toMatchObject({ order: { paymentId: expect.stringMatching(/^pay_[a-z2-7]{32}$/) } });
  });
  it('of a participant', () => {
    const inOrder = goldenEvents<ParticipantEvent>('participant').sort((one, other) => one.revision - other.revision);
    const participant = inOrder.map(({ event }) => event).reduce(participantFold.evolve, participantFold.initial);
    expect(participant).toMatchObject({ registered: { kind: 'platform' } });
    const at = '2026-03-01T00:00:00.000Z';
    const inForce = ['CNY', 'USD'].map((currency) => accountInForce(participant!.bankAccounts, currency, at)?.bank);
    expect(inForce).toEqual(['sandbox', 'citi']);
  });
  it('of a top-up', () =>
    expect(ordered<TopUpEvent>('topup', 'TopUpRequested').reduce(topUpFold.evolve, topUpFold.initial)).toMatchObject({
      request: { userId: 'u1' },
    }));
  it('of an agreement', () =>
    expect(
      ordered<AgreementEvent>('agreement', 'AgreementVersionRegistered').reduce(agreementFold.evolve, agreementFold.initial),
    ).toHaveLength(1));
});
