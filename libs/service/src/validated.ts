import { plainToInstance } from 'class-transformer';
import { validateSync, type ValidationError } from 'class-validator';
import { Problem } from './problem.js';

/**
 * The body as an instance of its class, every field checked, unknown ones refused.
 * @throws Problem invalid, naming the first field that is wrong
 */
export function validated<T extends object>(type: new () => T, body: unknown): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw new Problem('invalid', 'The body must be a JSON object.');
  const instance = plainToInstance(type, body);
  const errors = validateSync(instance, { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true, stopAtFirstError: true });
  const first = errors[0];
  if (first) throw new Problem('invalid', ...firstReason(first, ''));
  return instance;
}

function firstReason(error: ValidationError, parent: string): [detail: string, field: string] {
  const path = /^\d+$/.test(error.property) ? `${parent}[${error.property}]` : parent ? `${parent}.${error.property}` : error.property;
  const reason = Object.entries(error.constraints ?? {})[0];
  if (reason) return [reason[0] === 'whitelistValidation' ? `${path} is not a known field` : reason[1].replace(error.property, path), path];
  const child = error.children?.[0];
  return child ? firstReason(child, path) : [`${path} is invalid`, path];
}
