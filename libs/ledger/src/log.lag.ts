/** Journal events that come in between are taken together. */
const stepMs = 250;
/** An hour without a signature: only the oldest counts, and what is behind these is signed with them. */
const mostSteps = 10_000;

/** How old the oldest journal event is that no checkpoint covers. */
export class LogLag {
  readonly #waiting: { revision: number; at: number }[] = [];
  #signed = -1;

  constructor(private readonly now: () => Date) {}

  posted(revision: number, at: Date): void {
    if (revision <= this.#signed) return;
    const last = this.#waiting.at(-1);
    if (last && (at.getTime() - last.at < stepMs || this.#waiting.length >= mostSteps)) last.revision = Math.max(last.revision, revision);
    else this.#waiting.push({ revision, at: at.getTime() });
  }

  signed(revision: number): void {
    this.#signed = Math.max(this.#signed, revision);
    const open = this.#waiting.findIndex((each) => each.revision > this.#signed);
    this.#waiting.splice(0, open === -1 ? this.#waiting.length : open);
  }

  get ms(): number {
    const [oldest] = this.#waiting;
    return oldest ? Math.max(0, this.now().getTime() - oldest.at) : 0;
  }
}
