import type { ReconciliationTerms } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import type { BillFiles } from './bill-files.js';
import { decideBill, type BillRefusal } from './bill.decide.js';
import { billFold, billStream, type BillState } from './bill.js';
import type { BillEvent } from './facts.js';
import type { LineWork } from './line-work.js';

export interface BillProcessParts {
  store: EventStore;
  files: BillFiles;
  work: LineWork;
  clock: Clock;
  termsOf: (provider: string) => Promise<ReconciliationTerms | undefined>;
  signal: AbortSignal;
}

/** Reads bills that have come in. Killed in between, it reads again. */
export class BillProcess {
  constructor(private readonly parts: BillProcessParts) {}

  /** @throws BillFileMissing; Outage of the store */
  async read(billId: string): Promise<void> {
    const { store, files, work, clock, termsOf, signal } = this.parts;
    const { state } = await load(store, billStream(billId), billFold);
    if (state.status !== 'received') return;
    const { received } = state;
    const terms = await termsOf(received.provider);
    if (!terms) throw new Error(`${billId} is of ${received.provider}, of whose bills nothing is known any more`);
    const path = await files.find(billId, received.sha256);
    const read = await files.withScratch((folder) => work.read({ received, terms, path }, folder, signal));
    const now = clock.now().toISOString();
    await handle<BillState, BillEvent, BillRefusal>(
      store,
      billStream(billId),
      billFold,
      (current) => decideBill({ type: 'RecordImport', read, now }, current),
      { commandId: `${billId} import`, correlationId: billId, actor: 'hub' },
    );
  }
}
