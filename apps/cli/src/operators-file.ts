import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from './exit-codes.js';

export type Role = 'ops' | 'finance' | 'approver' | 'auditor' | 'admin';

interface Operator {
  name: string;
  roles: string[];
  token: string;
}

/**
 * The token of an operator who has a role, from the file that the hub keeps in its data folder.
 * @throws UsageError when there is no such file or nobody has the role
 */
export function tokenOf(role: Role, dataDir: string): string {
  const file = join(dataDir, 'operators.json');
  const operators = parsed(textOf(file), file);
  const operator = operators.find(({ roles }) => roles.includes(role)) ?? operators.find(({ roles }) => roles.includes('admin'));
  if (!operator) throw new UsageError(`${file} names nobody with the role ${role}.`);
  return operator.token;
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read: name the data folder of the hub with --data.`, { cause: error });
  }
}

function parsed(text: string, file: string): Operator[] {
  const content: unknown = JSON.parse(text);
  if (Array.isArray(content) && content.every(isOperator)) return content;
  throw new UsageError(`${file} holds no list of operators.`);
}

const isOperator = (each: unknown): each is Operator =>
  typeof each === 'object' &&
  each !== null &&
  'roles' in each &&
  Array.isArray(each.roles) &&
  'token' in each &&
  typeof each.token === 'string';
