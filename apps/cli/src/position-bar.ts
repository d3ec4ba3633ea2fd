import { SingleBar } from 'cli-progress';
import type { Io } from './io.js';
import { countText } from './text-table.js';

/** How far a range of the log is read, in one line that is drawn again and gone at the end. Where nobody looks at a terminal there is none. */
export class PositionBar {
  readonly #bar: SingleBar | undefined;
  readonly #startedMs = performance.now();

  constructor(
    io: Io,
    label: string,
    private readonly from: bigint,
    to: bigint,
    /** What is counted. */
    what = 'events',
  ) {
    if (!io.isTerminal) return;
    this.#bar = new SingleBar({
      format: `${label}  {bar}  {percentage} %, {events} ${what}, {perSecond} a second`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
    });
    this.#bar.start(Math.max(1, Number(to - from)), 0, { events: 0, perSecond: 0 });
  }

  reached(position: bigint, events: number): void {
    const seconds = (performance.now() - this.#startedMs) / 1_000;
    const perSecond = countText(Math.round(events / Math.max(seconds, 0.001)));
    this.#bar?.update(Number(position - this.from), { events: countText(events), perSecond });
  }

  end(): void {
    this.#bar?.stop();
  }
}
