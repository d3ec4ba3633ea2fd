/** Statements that are given a name; each takes some ten kilobytes on each connection of the server. */
const capacity = 100;
/** Texts whose uses are counted. */
const countedCapacity = 1_000;
/** A statement that comes back this often is worth a name. */
const usesUntilNamed = 3;
const preparable = /^\s*(select|with|insert|update|delete)\b/i;

/**
 * Names for the statements that come back: a connection prepares a named statement at its first use there and only binds it from then on. Names
 * are never taken back, so no connection prepares more statements than there are names.
 */
export class StatementNames {
  readonly #names = new Map<string, string>();
  readonly #uses = new Map<string, number>();
  #given = 0;

  /** Undefined: to be run without a name. */
  nameOf(sql: string): string | undefined {
    const known = this.#names.get(sql);
    if (known !== undefined || this.#given >= capacity || !preparable.test(sql)) return known;
    const uses = (this.#uses.get(sql) ?? 0) + 1;
    this.#uses.delete(sql);
    if (uses >= usesUntilNamed) return this.#give(sql);
    this.#uses.set(sql, uses);
    for (const oldest of this.#uses.keys()) {
      if (this.#uses.size <= countedCapacity) break;
      this.#uses.delete(oldest);
    }
    return undefined;
  }

  /** What was prepared under the statement's name no longer fits (a view has got other columns): it is prepared anew under another. */
  renew(sql: string): void {
    this.#names.delete(sql);
    this.#uses.set(sql, usesUntilNamed);
  }

  #give(sql: string): string {
    this.#given += 1;
    const name = `hub_${this.#given}`;
    this.#names.set(sql, name);
    return name;
  }
}
