import { createHash } from 'node:crypto';
import { Outage } from '@tongbao/event-store';
import { Problem, type Clock } from '@tongbao/service';
import type { Logger } from 'pino';
import { beginOf, whatIsDue, type DueAction, type Scheduled } from './schedule.decide.js';
import type { ScheduleQueries } from './schedule.queries.js';
import type { SettlementCommands } from './settlement.commands.js';
import type { SettlementQueries } from './settlement.queries.js';

export interface ScheduleParts {
  models: Pick<SettlementQueries, 'models'>;
  queries: Pick<ScheduleQueries, 'calendars' | 'openWindows' | 'closedWindows'>;
  commands: Pick<SettlementCommands, 'closeWindow' | 'request'>;
  clock: Clock;
  logger: Logger;
}

/** A closing may be this far in the future by a clock that is set right now and then; by more, the clock has jumped. */
const toleratedMs = 3_600_000;

/**
 * Closes windows and asks for settlements when they are due. It keeps no timers: each look reckons anew what is due from when windows closed, so
 * that nothing is forgotten by a restart, and nothing done twice by two that look.
 */
export class SettlementSchedule {
  /** By open window: where closings begin instead, as the last one is in the future. */
  readonly #resumed = new Map<string, Date>();
  /** The settlement that was asked for last, by model: one that a person has aborted is not asked for again until there is more to settle. */
  readonly #asked = new Map<string, string>();
  /** What stands still, by model: said once. */
  readonly #standing = new Map<string, string>();

  constructor(private readonly parts: ScheduleParts) {}

  /**
   * One look. A model that fails does not keep the others from closing.
   * @param what `settlements` leaves closings to the next look that is not: immediate windows close no more often than that
   */
  async run(what: 'all' | 'settlements' = 'all'): Promise<void> {
    let outage: Outage | undefined;
    for (const scheduled of await this.#scheduled()) {
      const key = keyOf(scheduled.model.name, scheduled.model.currency);
      try {
        for (const action of this.#due(scheduled)) if (what === 'all' || action.type === 'settle') await this.#perform(key, action);
        this.#standing.delete(key);
      } catch (error) {
        if (error instanceof Outage) outage = error;
        else this.#standsStill(key, error);
      }
    }
    if (outage) throw outage;
  }

  /** Models with something to do by themselves; the windows of the others are left to people. */
  async #scheduled(): Promise<Scheduled[]> {
    const { queries } = this.parts;
    const [models, closed] = await Promise.all([this.parts.models.models(), queries.closedWindows()]);
    const closedOf = Map.groupBy(closed, ({ model, currency }) => keyOf(model, currency));
    const active = models.filter(
      ({ name, currency, delay, schedule }) => delay === 'immediate' || schedule !== undefined || closedOf.has(keyOf(name, currency)),
    );
    if (active.length === 0) return [];
    const [open, calendars] = await Promise.all([queries.openWindows(), queries.calendars()]);
    const byName = new Map(calendars.map((calendar) => [calendar.name, calendar]));
    return active.map((model) => ({
      model,
      open: open.find((window) => window.model === model.name && window.currency === model.currency),
      closed: closedOf.get(keyOf(model.name, model.currency)) ?? [],
      calendars: byName,
    }));
  }

  #due(scheduled: Scheduled): DueAction[] {
    const now = this.parts.clock.now();
    return whatIsDue(scheduled, now, this.#since(scheduled, now));
  }

  /** After the clock has jumped back, closings go on from when that was noticed: not only once the clock is where it was. */
  #since(scheduled: Scheduled, now: Date): Date {
    const windowId = scheduled.open?.windowId ?? '';
    const begin = this.#resumed.get(windowId) ?? beginOf(scheduled);
    if (begin.getTime() <= now.getTime() + toleratedMs) return begin;
    this.#resumed.set(windowId, now);
    return now;
  }

  async #perform(key: string, action: DueAction): Promise<void> {
    const { commands, logger } = this.parts;
    try {
      if (action.type === 'close') {
        await commands.closeWindow(action.windowId, { commandId: `${action.windowId} ${action.by}`, by: action.by });
        this.#resumed.delete(action.windowId);
      } else {
        const commandId = settlementCommandOf(action.windowIds);
        if (this.#asked.get(key) === commandId) return;
        await commands.request(action.windowIds, { commandId, by: action.by });
        this.#asked.set(key, commandId);
      }
    } catch (error) {
      // The projection was behind, or somebody was faster; what is still due then is so at the next look.
      if (!(error instanceof Problem)) throw error;
      logger.info({ action, code: error.code }, 'settlement schedule: refused for now');
    }
  }

  #standsStill(key: string, error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    if (this.#standing.get(key) === message) return;
    this.#standing.set(key, message);
    this.parts.logger.error({ err: error, model: key }, 'settlement schedule: stands still');
  }
}

const keyOf = (model: string, currency: string): string => `${model}_${currency}`;

/** The same windows are asked for under the same id: a process that was killed in between finds its settlement. */
const settlementCommandOf = (windowIds: readonly string[]): string =>
  `cmd_${createHash('sha256').update(windowIds.join(' ')).digest('hex').slice(0, 20)}`;
