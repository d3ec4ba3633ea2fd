/**
 * PostgreSQL's text of a timestamp or (in a UTC session) timestamptz, as ISO 8601 with at least milliseconds: `2026-01-02 03:04:05+00` becomes
 * `2026-01-02T03:04:05.000Z`. What is no date of our era (`infinity`) stays as it is.
 */
export function isoTimestamp(text: string): string {
  const [, date, time, fraction = '', zone] = /^(\d{4,}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?(\+00)?$/.exec(text) ?? [];
  if (date === undefined || time === undefined) return text;
  return `${date}T${time}.${fraction.padEnd(3, '0')}${zone ? 'Z' : ''}`;
}
