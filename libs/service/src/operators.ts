import { timingSafeEqual } from 'node:crypto';

export const operatorRoles = ['ops', 'finance', 'approver', 'auditor', 'admin'] as const;
export type OperatorRole = (typeof operatorRoles)[number];

/** Somebody of the hub. Tokens come from a file that the operator of the hub keeps. */
export interface Operator {
  name: string;
  roles: OperatorRole[];
  token: string;
}

/** Who the operators are, by their tokens. */
export class OperatorDirectory {
  constructor(private readonly operators: readonly Operator[]) {}

  byToken(token: string): Operator | undefined {
    const presented = Buffer.from(token);
    return this.operators.find((operator) => {
      const expected = Buffer.from(operator.token);
      return expected.length === presented.length && timingSafeEqual(expected, presented);
    });
  }
}
