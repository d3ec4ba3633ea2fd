import { beforeEach, describe, expect, it } from '@jest/globals';
import type { SettlementModelSet } from '@tongbao/contracts';
import { StoreUnavailable } from '@tongbao/event-store';
import { Problem } from '@tongbao/service';
import pino from 'pino';
import { SettlementSchedule } from './schedule.process.js';
import type { ClosedWindow, OpenWindow } from './schedule.decide.js';

/** A hub whose windows are what the schedule makes of them. */
class FakeHub {
  now = new Date('2026-03-02T00:00:00Z');
  models: SettlementModelSet[] = [];
  open: OpenWindow[] = [];
  closed: ClosedWindow[] = [];
  did: string[] = [];
  refuse: (did: string) => Error | undefined = () => undefined;
  readonly said: string[] = [];

  schedule(): SettlementSchedule {
    return new SettlementSchedule({
      models: { models: () => Promise.resolve(this.models) },
      queries: {
        calendars: () => Promise.resolve([]),
        openWindows: () => Promise.resolve(this.open),
        closedWindows: () => Promise.resolve(this.closed),
      },
      commands: {
        closeWindow: (windowId, { by }) =>
          this.#do(`close ${windowId} by ${by}`, () => this.#closed(windowId)).then(() => ({ position: 0n })),
        request: (windowIds, { by, commandId }) =>
          this.#do(`settle ${windowIds.join(' ')} by ${by}`, () => undefined).then(() => ({ position: 0n, settlementId: commandId })),
      },
      clock: { now: () => this.now },
      logger: pino({ level: 'info' }, { write: (line: string) => this.said.push(line) }),
    });
  }

  model(name: string, change: Partial<SettlementModelSet> = {}): SettlementModelSet {
    const model: SettlementModelSet = {
      ...{ type: 'SettlementModelSet', name, currency: 'USD', version: 1, by: 'hub', setAt: '2026-03-01T00:00:00Z' },
      ...{ granularity: 'net', interchange: 'multilateral', delay: 'deferred' },
      ...{ minimumPayoutMinor: 0, collection: 'carry', automaticApprovalUpToMinor: 0 },
      ...change,
    };
    this.models.push(model);
    this.open.push({ windowId: `${name}_USD_1`, model: name, currency: 'USD', openedAt: model.setAt, facts: 0, before: undefined });
    return model;
  }

  closing(windowId: string, terms: SettlementModelSet): void {
    this.closed.push({ windowId, model: terms.name, currency: 'USD', closedAt: this.now.toISOString(), terms, before: undefined });
  }

  /** What the schedule did since this was last asked. */
  done(): string[] {
    return this.did.splice(0);
  }

  #do(what: string, effect: () => void): Promise<void> {
    const refusal = this.refuse(what);
    if (refusal) return Promise.reject(refusal);
    this.did.push(what);
    effect();
    return Promise.resolve();
  }

  #closed(windowId: string): void {
    this.open = this.open.map((window) =>
      window.windowId === windowId
        ? { ...window, windowId: `${windowId}+`, facts: 0, before: { closedAt: this.now.toISOString(), isThrough: true } }
        : window,
    );
  }
}

const hourly = { schedule: { cron: '0 * * * *', timeZone: 'UTC' } };

describe('the schedule', () => {
  let hub: FakeHub;
  let schedule: SettlementSchedule;
  beforeEach(() => {
    hub = new FakeHub();
    schedule = hub.schedule();
  });
  const at = async (time: string): Promise<string[]> => {
    hub.now = new Date(time);
    await schedule.run();
    return hub.done();
  };

  it('closes what is due once, also after the hub was away', async () => {
    hub.model('hourly', hourly);
    expect(await at('2026-03-02T05:30:00Z')).toEqual(['close hourly_USD_1 by schedule']);
    expect(await at('2026-03-02T05:59:59Z')).toEqual([]);
    expect(await at('2026-03-02T06:00:00Z')).toEqual(['close hourly_USD_1+ by schedule']);
  });

  it('leaves a model alone that says nothing of when', async () => {
    hub.model('dnm');
    expect(await at('2036-01-01T00:00:00Z')).toEqual([]);
  });

  it('closes nothing twice when the clock goes back a little', async () => {
    hub.model('hourly', hourly);
    expect(await at('2026-03-02T06:00:00.100Z')).toHaveLength(1);
    expect(await at('2026-03-02T05:59:59.900Z')).toEqual([]);
    expect(await at('2026-03-02T06:00:00.200Z')).toEqual([]);
    expect(await at('2026-03-02T07:00:00Z')).toHaveLength(1);
  });

  it('goes on when the clock goes back a long way: not only once it is where it was', async () => {
    hub.model('hourly', hourly);
    expect(await at('2027-01-01T00:00:30Z')).toHaveLength(1);
    expect(await at('2026-03-02T06:10:00Z')).toEqual([]);
    expect(await at('2026-03-02T06:59:59Z')).toEqual([]);
    expect(await at('2026-03-02T07:00:00Z')).toHaveLength(1);
    expect(await at('2026-03-02T07:30:00Z')).toEqual([]);
    expect(await at('2026-03-02T08:00:00Z')).toHaveLength(1);
  });

  it('goes on when the clock goes back further still', async () => {
    hub.model('hourly', hourly);
    await at('2027-01-01T00:00:30Z');
    await at('2026-03-02T06:10:00Z');
    expect(await at('2026-02-02T06:10:00Z')).toEqual([]);
    expect(await at('2026-02-02T07:00:00Z')).toHaveLength(1);
  });

  it('asks for a settlement once: what a person has aborted is not asked for again by itself', async () => {
    const terms = hub.model('daily', { settleAfterDays: 0 });
    hub.closing('daily_USD_0', terms);
    expect(await at('2026-03-02T06:00:00Z')).toEqual(['settle daily_USD_0 by schedule']);
    expect(await at('2026-03-02T06:00:01Z')).toEqual([]);
    hub.closing('daily_USD_1', terms);
    expect(await at('2026-03-02T07:00:00Z')).toEqual(['settle daily_USD_0 daily_USD_1 by schedule']);
  });

  it('looks for settlements alone when it is asked to', async () => {
    const immediate = hub.model('now', { delay: 'immediate' });
    hub.open = hub.open.map((window) => ({ ...window, facts: 1 }));
    hub.closing('now_USD_0', immediate);
    await schedule.run('settlements');
    expect(hub.done()).toEqual(['settle now_USD_0 by immediate']);
    await schedule.run();
    expect(hub.done()).toEqual(['close now_USD_1 by immediate']);
  });

  it('tries again what was refused', async () => {
    hub.model('hourly', hourly);
    hub.refuse = () => new Problem('window_not_open', 'somebody was faster');
    expect(await at('2026-03-02T06:00:00Z')).toEqual([]);
    hub.refuse = () => undefined;
    expect(await at('2026-03-02T06:00:01Z')).toHaveLength(1);
  });

  it('goes on with the other models where one stands still, and says so once', async () => {
    hub.model('broken', { schedule: { cron: '0 * * * *', timeZone: 'UTC', calendar: 'gone' } });
    hub.model('hourly', hourly);
    expect(await at('2026-03-02T06:00:00Z')).toEqual(['close hourly_USD_1 by schedule']);
    await at('2026-03-02T06:30:00Z');
    expect(hub.said.filter((line) => line.includes('there is no calendar gone'))).toHaveLength(1);
  });

  it('passes an outage on, once the others have had their turn', async () => {
    hub.model('down', hourly);
    hub.model('hourly', hourly);
    hub.refuse = (what) => (what.includes('down') ? new StoreUnavailable('down') : undefined);
    await expect(at('2026-03-02T06:00:00Z')).rejects.toThrow(StoreUnavailable);
    expect(hub.done()).toEqual(['close hourly_USD_1 by schedule']);
  });
});
