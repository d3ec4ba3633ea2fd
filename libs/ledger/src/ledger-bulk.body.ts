import { accountPattern } from '@tongbao/contracts';
import { isCurrency } from '@tongbao/money';
import { maxAmountMinor, Problem } from '@tongbao/service';
import { Ajv, type ErrorObject } from 'ajv';
import { maxAccountLength } from './ledger.dto.js';

/** Commands that one request may hold. */
export const maxBulkEntries = 1_000;

/** Of a request's body. */
export const maxBulkBytes = 1_048_576;

interface BulkTransfer {
  from: string;
  to: string;
  amountMinor: number;
  currency: string;
  kind: string;
}

export type BulkEntry =
  | { command: 'PostEntry'; id: string; ref: string; transfers: BulkTransfer[]; corrects?: number; note: string }
  | { command: 'ReverseEntry'; id: string; entry: number; note: string }
  | { command: 'CommitHold'; id: string; holdId: string; transfers: BulkTransfer[] };

export interface BulkBody {
  linked?: boolean;
  entries: BulkEntry[];
}

const text = (maxLength: number, description?: string) => ({
  type: 'string',
  minLength: 1,
  maxLength,
  ...(description && { description }),
});
const accountName = { type: 'string', maxLength: maxAccountLength, pattern: accountPattern.source };
const number = { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER };

const object = <P extends object>(properties: P, required: readonly (keyof P)[]) => ({
  type: 'object',
  properties,
  required: [...required],
  additionalProperties: false,
});

const transfers = {
  type: 'array',
  minItems: 1,
  maxItems: 100,
  items: object(
    {
      from: accountName,
      to: accountName,
      amountMinor: { type: 'integer', minimum: 1, maximum: maxAmountMinor, description: 'integer minor units' },
      currency: { type: 'string', pattern: '^[A-Z]{3}$', format: 'iso-4217' },
      kind: text(64),
    },
    ['from', 'to', 'amountMinor', 'currency', 'kind'],
  ),
};

const id = { type: 'string', pattern: '^[!-~]{1,255}$', description: 'chosen by the caller, once for each command, as an Idempotency-Key' };
const note = text(500, 'the reason');
const command = <C extends BulkEntry['command']>(name: C) => ({ type: 'string', const: name });

/**
 * The body of a bulk, as it is checked and as the OpenAPI document shows it. A bulk has thousands of fields: they are checked by compiled code,
 * where one command's are checked by the decorators of its class.
 */
export const bulkSchema = object(
  {
    linked: { type: 'boolean', description: 'all or none: the first refusal answers for all, and nothing is posted' },
    entries: {
      type: 'array',
      minItems: 1,
      maxItems: maxBulkEntries,
      items: {
        type: 'object',
        required: ['command'],
        discriminator: { propertyName: 'command' },
        oneOf: [
          object(
            {
              command: command('PostEntry'),
              id,
              ref: text(100, 'what it is about: a payment, a payout, a bank line'),
              transfers,
              corrects: { ...number, description: 'number of the entry that it corrects' },
              note,
            },
            ['command', 'id', 'ref', 'transfers', 'note'],
          ),
          object({ command: command('ReverseEntry'), id, entry: { ...number, description: 'number of the entry that it undoes' }, note }, [
            'command',
            'id',
            'entry',
            'note',
          ]),
          object(
            { command: command('CommitHold'), id, holdId: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$' }, transfers },
            ['command', 'id', 'holdId', 'transfers'],
          ),
        ],
      },
    },
  },
  ['entries'],
);

const ajv = new Ajv({ discriminator: true, formats: { 'iso-4217': isCurrency } });
const isBulk = ajv.compile<BulkBody>(bulkSchema);

/** @throws Problem invalid, naming the first field that is wrong */
export function readBulk(body: unknown): BulkBody {
  if (isBulk(body)) return body;
  const [error] = isBulk.errors ?? [];
  throw error ? problemOf(error) : new Problem('invalid', 'The body is no bulk of entries.');
}

/** `/entries/3/transfers/0/kind` is `entries[3].transfers[0].kind` to whoever wrote it. */
function problemOf({ instancePath, params, message = 'is invalid' }: ErrorObject<string, Record<string, unknown>>): Problem {
  const named = params['missingProperty'] ?? params['additionalProperty'];
  const path = instancePath.replace(/\/(\d+)/g, '[$1]').replace(/\//g, '.');
  const field = `${path}${typeof named === 'string' ? `.${named}` : ''}`.replace(/^\./, '');
  return field === '' ? new Problem('invalid', `The body ${message}.`) : new Problem('invalid', `${field}: ${message}`, field);
}
