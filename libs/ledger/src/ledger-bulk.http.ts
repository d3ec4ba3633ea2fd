import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import {
  BodyLimit,
  ByLeader,
  Caller,
  commandIdOf,
  IdempotencyKey,
  nameOf,
  Operators,
  Problem,
  requiredKey,
  type Principal,
} from '@tongbao/service';
import type { CommandOutcome } from '@tongbao/contracts';
import type { PostingCommand } from './commands.js';
import { LinkedTooLarge } from './journal.batch.js';
import { bulkSchema, maxBulkBytes, readBulk, type BulkBody, type BulkEntry } from './ledger-bulk.body.js';
import { acceptedView, refusalOf } from './ledger-commands.http.js';
import { Ledger } from './ledger.js';

/** Many entries in one request: each on its own, or all of them or none. */
@ApiTags('ledger')
@Controller('v1/ledger')
@Operators('finance')
@ByLeader('ledger')
export class LedgerBulkController {
  constructor(private readonly ledger: Ledger) {}

  @Post('entries/bulk')
  @HttpCode(200)
  @BodyLimit(maxBulkBytes)
  @ApiOperation({
    summary: 'Post up to 1,000 entries, each on its own, or linked: all or none',
    description:
      'Each command has an id of its own, by which a repetition is known. Linked ones must fit in one journal event, which takes about 400 entries of three transfers.',
  })
  @ApiBody({ schema: bulkSchema })
  @ApiHeader({ name: 'Idempotency-Key', required: false, description: 'names the whole; needed when linked' })
  postBulk(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    const bulk = readBulk(body);
    return bulk.linked ? this.#linked(bulk, caller, requiredKey(key)) : this.#each(bulk, caller);
  }

  /** The outcome of each, in their order; refused ones too. */
  async #each({ entries }: BulkBody, caller: Principal): Promise<object> {
    const answers = await Promise.all(entries.map((entry) => this.ledger.answer(commandOf(entry, caller))));
    const outcomes = answers.map((answer, index) => outcomeView(entries[index], answer, answer.replayed));
    const last = answers.reduce((position, answer) => (answer.position > position ? answer.position : position), 0n);
    return { outcomes, position: String(last) };
  }

  async #linked({ entries }: BulkBody, caller: Principal, key: string): Promise<object> {
    const commands = entries.map((entry) => commandOf(entry, caller));
    const whole = { command: 'Linked', commandId: commandIdOf(caller, key), by: nameOf(caller), commands } as const;
    const { result, code, index = 0, members = [], replayed, position } = await this.ledger.answer(whole).catch(asProblem);
    if (result === 'refused') throw refusalOf(code, `entries[${index}]`);
    const byId = new Map(members.map((member) => [member.commandId, member]));
    const outcomes = commands.map(({ commandId }, at) => outcomeView(entries[at], byId.get(commandId) ?? { result }, replayed));
    return { outcomes, position: String(position) };
  }
}

function asProblem(error: unknown): never {
  throw error instanceof LinkedTooLarge ? new Problem('payload_too_large', `${error.message}: send fewer.`) : error;
}

function commandOf(entry: BulkEntry, caller: Principal): PostingCommand {
  const named = { commandId: commandIdOf(caller, entry.id), by: nameOf(caller) };
  switch (entry.command) {
    case 'PostEntry': {
      const { command, ref, transfers, corrects, note } = entry;
      return { command, ...named, ref, transfers, ...(corrects !== undefined && { corrects }), note };
    }
    case 'ReverseEntry':
      return { command: entry.command, ...named, entry: entry.entry, note: entry.note };
    case 'CommitHold':
      return { command: entry.command, ...named, holdId: entry.holdId, transfers: entry.transfers };
    default:
      return entry satisfies never;
  }
}

type Told = Pick<CommandOutcome, 'result' | 'code' | 'entry' | 'balances'>;

const outcomeView = (entry: BulkEntry | undefined, { result, code, ...made }: Told, replayed: boolean): object =>
  result === 'refused' ? { id: entry?.id, result, code, replayed } : { id: entry?.id, result, ...acceptedView(made), replayed };
