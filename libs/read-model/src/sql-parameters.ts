/**
 * @throws TypeError for an array: what it is to become, a PostgreSQL array or JSON, depends on the type that the statement gives the parameter, which
 * not every client knows
 */
export function refuseArrays(parameters: readonly unknown[]): void {
  const index = parameters.findIndex((value) => Array.isArray(value));
  if (index >= 0) throw new TypeError(`parameter ${index + 1} is an array: give it as JSON text`);
}
