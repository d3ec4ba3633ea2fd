import type { DatabaseSync } from 'node:sqlite';
import { BoundedCache } from './bounded-cache.js';

/** Numbers for names that repeat in many events (types, categories), kept in a table and remembered in memory. */
export class Names {
  readonly #ids = new BoundedCache<string, number>(10_000);
  readonly #names = new BoundedCache<number, string>(10_000);
  readonly #findId;
  readonly #findName;
  readonly #insert;
  readonly #range;

  constructor(database: DatabaseSync, table: 'types' | 'categories') {
    this.#findId = database.prepare(`SELECT id FROM ${table} WHERE name = ?`);
    this.#findName = database.prepare(`SELECT name FROM ${table} WHERE id = ?`);
    this.#insert = database.prepare(`INSERT INTO ${table}(name) VALUES (?)`);
    this.#range = database.prepare(`SELECT id FROM ${table} WHERE name >= ? AND name < ? LIMIT ?`);
  }

  /** The number of a name, given to it now if it has none. Only inside a transaction. */
  idOf(name: string): number {
    const known = this.find(name);
    if (known !== undefined) return known;
    const id = Number(this.#insert.run(name).lastInsertRowid);
    this.#remember(id, name);
    return id;
  }

  /** The number of a name, if it has one. */
  find(name: string): number | undefined {
    const cached = this.#ids.get(name);
    if (cached !== undefined) return cached;
    const id = this.#findId.get(name)?.['id'];
    if (typeof id !== 'number') return undefined;
    this.#remember(id, name);
    return id;
  }

  /** The numbers of at most `limit` names that begin with `prefix`. */
  startingWith(prefix: string, limit: number): number[] {
    return this.#range.all(prefix, `${prefix}\u{10ffff}`, limit).map((row) => Number(row['id']));
  }

  /** The name of a number; undefined when there is no such number, which is damage to whoever stored the number. */
  nameOf(id: number): string | undefined {
    const cached = this.#names.get(id);
    if (cached !== undefined) return cached;
    const name = this.#findName.get(id)?.['name'];
    if (typeof name !== 'string') return undefined;
    this.#remember(id, name);
    return name;
  }

  #remember(id: number, name: string): void {
    this.#ids.set(name, id);
    this.#names.set(id, name);
    this.#ids.trim();
    this.#names.trim();
  }
}
