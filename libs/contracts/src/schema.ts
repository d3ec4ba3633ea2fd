/** The name, in place of a topic's, under which the contracts of the platforms' own topics lie: all of these carry the same messages. */
export const platformContracts = 'tongbao.platform.events';

/** What contracts use of JSON Schema 2020-12. */
export interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly [keyword: string]: unknown;
}

/** The same with no field but the known ones: what its writer may write. */
export function closed(schema: Schema): Schema {
  const { $defs, properties, items, anyOf } = schema;
  return {
    ...schema,
    ...($defs && { $defs: closedAll($defs) }),
    ...(properties && { properties: closedAll(properties), additionalProperties: false }),
    ...(items && { items: closed(items) }),
    ...(anyOf && { anyOf: anyOf.map(closed) }),
  };
}

const closedAll = (schemas: Readonly<Record<string, Schema>>): Record<string, Schema> =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, closed(schema)]));
