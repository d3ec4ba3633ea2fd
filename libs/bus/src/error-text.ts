import { inspect } from 'node:util';

/** What was thrown, in a line. */
export const errorText = (error: unknown): string => (error instanceof Error ? `${error.name}: ${error.message}` : inspect(error));
