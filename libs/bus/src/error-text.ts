import { inspect } from 'node:util';

/** Anything that says what went wrong: an error of another realm, and a DOMException, are no instances of this realm's Error. */
export interface ErrorLike {
  name: string;
  message: string;
  stack?: string;
  code?: unknown;
  cause?: unknown;
  errors?: unknown;
}

export function isErrorLike(error: unknown): error is ErrorLike {
  return typeof error === 'object' && error !== null && 'name' in error && 'message' in error && typeof error.message === 'string';
}

/** What was thrown, in a line. */
export const errorText = (error: unknown): string => (isErrorLike(error) ? `${error.name}: ${error.message}` : inspect(error));
