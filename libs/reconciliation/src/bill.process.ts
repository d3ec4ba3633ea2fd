import type { ReconciliationTerms } from '@tongbao/contracts';
import { handle, load, type EventStore } from '@tongbao/event-store';
import type { Clock } from '@tongbao/service';
import type { BillFiles } from './bill-files.js';
import { decideBill, type BillRefusal } from './bill.decide.js';
import { readBill } from './bill.import.js';
import { billFold, billStream, type BillState } from './bill.js';
import type { BillEvent } from './facts.js';

/** Reads bills that have come in. Killed in between, it reads again. */
export class BillProcess {
  constructor(
    private readonly store: EventStore,
    private readonly files: BillFiles,
    private readonly clock: Clock,
    private readonly termsOf: (provider: string) => Promise<ReconciliationTerms | undefined>,
  ) {}

  /** @throws BillFileMissing; Outage of the store */
  async read(billId: string): Promise<void> {
    const { state } = await load(this.store, billStream(billId), billFold);
    if (state.status !== 'received') return;
    const { received } = state;
    const terms = await this.termsOf(received.provider);
    if (!terms) throw new Error(`${billId} is of ${received.provider}, of whose bills nothing is known any more`);
    const path = await this.files.find(billId, received.sha256);
    const read = await readBill(received, terms, path, await this.files.scratch());
    const now = this.clock.now().toISOString();
    await handle<BillState, BillEvent, BillRefusal>(
      this.store,
      billStream(billId),
      billFold,
      (current) => decideBill({ type: 'RecordImport', read, now }, current),
      { commandId: `${billId} import`, correlationId: billId, actor: 'hub' },
    );
  }
}
