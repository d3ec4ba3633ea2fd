import type { DeadLetterRefusal, Released } from './dead-letter.view.js';

/** What ops may ask of the member of a group that has the partition. */
export type OpsRequest =
  | { what: 'release'; topic: string; key: string }
  | { what: 'release-one'; deadLetterId: string }
  | { what: 'discard'; deadLetterId: string; reason: string };

/** What became of it; none of these where there is nothing to tell. */
export interface OpsAnswer {
  released?: Released;
  refused?: { code: DeadLetterRefusal['code']; detail: string };
  /** It cannot be carried out because of a bug. */
  failed?: string;
}

/** A request stays open until it is answered, whoever has the partition by then. */
export type OpsRequestEvent =
  | { type: 'OpsRequested'; requestId: string; topic: string; partition: number; request: OpsRequest; by: string }
  | { type: 'OpsAnswered'; requestId: string; answer: OpsAnswer };

export type OpenRequest = Extract<OpsRequestEvent, { type: 'OpsRequested' }>;

/** The requests of a group that are not answered yet. */
export class OpsRequests {
  onRequested: () => void = () => undefined;
  readonly #open = new Map<string, OpenRequest>();
  readonly #waiting = new Map<string, (answer: OpsAnswer) => void>();

  open(): OpenRequest[] {
    return [...this.#open.values()];
  }

  apply(event: OpsRequestEvent): void {
    const { requestId } = event;
    if (event.type === 'OpsRequested') {
      this.#open.set(requestId, event);
      this.onRequested();
    } else {
      this.#open.delete(requestId);
      this.#waiting.get(requestId)?.(event.answer);
      this.#waiting.delete(requestId);
    }
  }

  /** Resolves with the answer; with undefined when it is not there in time. */
  answer(requestId: string, timeoutMs: number): Promise<OpsAnswer | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(requestId);
        resolve(undefined);
      }, timeoutMs);
      this.#waiting.set(requestId, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }
}
