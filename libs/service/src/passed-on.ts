/** What the leading process answered: thrown past the handler, and sent as it is. */
export class PassedOn extends Error {
  override readonly name = 'PassedOn';
  constructor(
    readonly status: number,
    readonly headers: Readonly<Record<string, string>>,
    readonly body: Buffer,
  ) {
    super('answered by the leading process');
  }
}
