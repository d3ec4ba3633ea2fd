interface Recorded {
  deliveryId: string;
  position: bigint;
}

/**
 * Deliveries that must not be taken up from the projection: those in hand, and those whose outcome is in the log but not yet in the projection,
 * where they still look due.
 */
export class KnownDeliveries {
  readonly #known = new Set<string>();
  #recorded: Recorded[] = [];

  get size(): number {
    return this.#known.size;
  }

  /** False when it is known already. */
  take(deliveryId: string): boolean {
    if (this.#known.has(deliveryId)) return false;
    this.#known.add(deliveryId);
    return true;
  }

  /** Not attempted after all, or without a record: it is still due. */
  giveBack(deliveryId: string): void {
    this.#known.delete(deliveryId);
  }

  recorded(deliveryId: string, position: bigint): void {
    this.#recorded.push({ deliveryId, position });
  }

  /** The projection has folded the log up to here. */
  forgetThrough(position: bigint): void {
    const later: Recorded[] = [];
    for (const each of this.#recorded) {
      if (each.position > position) later.push(each);
      else this.#known.delete(each.deliveryId);
    }
    this.#recorded = later;
  }
}
