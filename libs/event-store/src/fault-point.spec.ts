import { describe, expect, it } from '@jest/globals';
import { isAt, type Place } from './fault-point.js';

const payout = { type: 'PayoutRequested', payoutId: 'stl_1_platform.A' };
const appending: Place = { when: 'after', what: 'payout-stl_1_platform.A', events: [payout] };
const posting: Place = {
  when: 'before',
  what: 'journal-main',
  events: [{ type: 'EntriesPosted', ...{ entries: [{ kind: 'PayoutInstructed' }] } }],
};
const writing: Place = { when: 'amid', what: 'rows-settlement', events: [] };

describe('a point at which a process is killed', () => {
  it.each([
    ['after payout', appending, true],
    ['before payout', appending, false],
    ['after pay', appending, false],
    ['after PayoutRequested', appending, true],
    ['after PayoutHeld', appending, false],
    ['after payout:stl_1_platform.A', appending, true],
    ['after payout:stl_2_platform.A', appending, false],
    ['before journal', posting, true],
    ['before EntriesPosted:PayoutInstructed', posting, true],
    ['before EntriesPosted:PayoutConfirmed', posting, false],
    ['before EntriesPosted:PayoutInst', posting, false],
    ['before journal:PayoutInstructed', posting, true],
    ['amid rows', writing, true],
    ['amid rows:settlement', writing, true],
    ['amid rows:finance', writing, false],
    ['after bus_tongbao.ledger.commands', { when: 'after', what: 'bus_tongbao.ledger.commands', events: [] } satisfies Place, true],
    ['nonsense', writing, false],
  ])('%s', (point, place, isThere) => expect(isAt(place, point)).toBe(isThere));
});
