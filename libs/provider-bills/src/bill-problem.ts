import type { BillItem, BillProblem, ProblemCode } from './bill-line.js';

const shown = (value: string): string => (value.length > 100 ? `${value.slice(0, 99)}…` : value);

/** The `code` of an error of Node.js or the file system. */
export const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

/** What a fatal decoder throws for bytes that are not of its encoding. */
export const isNotOfEncoding = (error: unknown): boolean => codeOf(error) === 'ERR_ENCODING_INVALID_ENCODED_DATA';

/** A cell that cannot be read; the reader of the line turns it into a problem with the line's number. */
export class CellRefused extends Error {
  constructor(
    readonly code: ProblemCode,
    readonly field: string,
    readonly value: string,
    message: string,
  ) {
    super(message);
  }
}

/** A file that cannot be read any further: the problem ends the import. */
export class FileRefused extends Error {
  constructor(
    readonly code: ProblemCode,
    message: string,
    readonly detail: Pick<BillProblem, 'field' | 'value' | 'line'> = {},
  ) {
    super(message);
  }
}

export function problem(code: ProblemCode, message: string, at: Omit<BillProblem, 'code' | 'message'> = {}): BillItem {
  return {
    type: 'problem',
    problem: {
      code,
      message,
      ...(at.file === undefined ? {} : { file: at.file }),
      ...(at.line === undefined ? {} : { line: at.line }),
      ...(at.field === undefined ? {} : { field: at.field }),
      ...(at.value === undefined ? {} : { value: shown(at.value) }),
    },
  };
}

export const problemOfCell = ({ code, field, value, message }: CellRefused, line: number, file?: string): BillItem =>
  problem(code, message, { line, field, value, file });

export const problemOfFile = ({ code, message, detail }: FileRefused, file?: string): BillItem =>
  problem(code, message, { ...detail, file });
