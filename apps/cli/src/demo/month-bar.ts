import { SingleBar } from 'cli-progress';
import type { Io } from '../io.js';

/** How far a month is, in one line that is drawn again and gone when the month is over. Where nobody looks at a terminal there is none. */
export class MonthBar {
  readonly #bar: SingleBar | undefined;
  readonly #startedMs = performance.now();
  #done = 0;

  constructor(io: Io, month: string, total: number) {
    if (!io.isTerminal) return;
    this.#bar = new SingleBar({
      format: `${month}  {bar}  {value} of {total}, {perSecond} a second  {phase}`,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      barsize: 30,
      hideCursor: true,
      clearOnComplete: true,
      synchronousUpdate: false,
    });
    this.#bar.start(total, 0, { phase: '', perSecond: 0 });
  }

  /** One more order or refund is through. */
  readonly step = (): void => {
    this.#done += 1;
    this.#bar?.increment(1, { perSecond: Math.round((1_000 * this.#done) / (performance.now() - this.#startedMs)) });
  };

  phase(phase: string): void {
    this.#bar?.update({ phase });
  }

  end(): void {
    this.#bar?.stop();
  }
}
