import { Body, Controller, HttpCode, Param, Post } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';
import { accountPattern, isParty, problems, type CommandOutcome, type ProblemCode } from '@tongbao/contracts';
import {
  ByLeader,
  Caller,
  commandIdOf,
  IdempotencyKey,
  nameOf,
  Operators,
  Problem,
  requiredKey,
  validated,
  type Principal,
} from '@tongbao/service';
import type { AccountCommand, SingleCommand } from './commands.js';
import {
  CommitHoldBody,
  maxAccountLength,
  OpenAccountBody,
  PlaceHoldBody,
  PostEntryBody,
  ReverseEntryBody,
  SetLimitsBody,
} from './ledger.dto.js';
import { entryNumber } from './ledger-query.params.js';
import { Ledger } from './ledger.js';

const idempotency = { name: 'Idempotency-Key', required: true } as const;

type Content = { [C in SingleCommand as C['command']]: Omit<C, 'commandId' | 'by'> }[SingleCommand['command']];

/** Operators' commands to the books. The answer comes when the outcome is durable; ask queries `atLeast` its position to read it back. */
@ApiTags('ledger')
@Controller('v1/ledger')
@Operators('finance')
@ByLeader('ledger')
export class LedgerCommandsController {
  constructor(private readonly ledger: Ledger) {}

  @Post('holds')
  @ApiOperation({ summary: 'Reserve amounts, all or none, until they are committed, voided or expire' })
  @ApiBody({ type: PlaceHoldBody })
  @ApiHeader(idempotency)
  placeHold(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    const { holdId, currency, reservations, ref, expiresAt } = validated(PlaceHoldBody, body);
    const time = new Date(expiresAt).toISOString();
    return this.#command(caller, key, { command: 'PlaceHold', holdId, currency, reservations, purpose: 'operator', ref, expiresAt: time });
  }

  @Post('holds/:holdId/commit')
  @HttpCode(200)
  @ApiOperation({ summary: 'Post what a hold reserved, wholly or in part; the rest is released' })
  @ApiBody({ type: CommitHoldBody })
  @ApiHeader(idempotency)
  commitHold(
    @Param('holdId') holdId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const { transfers } = validated(CommitHoldBody, body);
    return this.#command(caller, key, { command: 'CommitHold', holdId, transfers });
  }

  @Post('holds/:holdId/void')
  @HttpCode(200)
  @ApiOperation({ summary: 'Release a hold' })
  @ApiHeader(idempotency)
  voidHold(@Param('holdId') holdId: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#command(caller, key, { command: 'VoidHold', holdId });
  }

  @Post('entries')
  @ApiOperation({ summary: 'Post an entry, such as a correction: at most 100 transfers, wholly or not at all' })
  @ApiBody({ type: PostEntryBody })
  @ApiHeader(idempotency)
  postEntry(@Body() body: unknown, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    const { ref, transfers, corrects, note } = validated(PostEntryBody, body);
    return this.#command(caller, key, { command: 'PostEntry', ref, transfers, ...(typeof corrects === 'number' && { corrects }), note });
  }

  @Post('entries/:number/reverse')
  @ApiOperation({ summary: 'Undo an entry by one that moves everything back; once' })
  @ApiBody({ type: ReverseEntryBody })
  @ApiHeader(idempotency)
  reverseEntry(
    @Param('number') number: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const { note } = validated(ReverseEntryBody, body);
    return this.#command(caller, key, { command: 'ReverseEntry', entry: entryNumber(number), note });
  }

  @Post('accounts/:account/open')
  @HttpCode(200)
  @ApiOperation({ summary: 'Open an account that no registration opens, or say of one what nobody has said yet' })
  @ApiBody({ type: OpenAccountBody, required: false })
  @ApiHeader(idempotency)
  open(
    @Param('account') account: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const { currencies, metadata } = validated(OpenAccountBody, body ?? {});
    const notes = Object.entries(metadata ?? {}).map(([name, value]) => ({ name, value }));
    return this.#command(caller, key, {
      command: 'OpenAccount',
      account: accountName(account),
      ...(currencies && { currencies: [...new Set(currencies)].sort() }),
      ...(notes.length > 0 && { metadata: notes.sort((one, other) => (one.name < other.name ? -1 : 1)) }),
    });
  }

  @Post('accounts/:account/limits')
  @HttpCode(200)
  @ApiOperation({ summary: 'Set how far an account may fall by commands, in the place of the limits before; facts still post' })
  @ApiBody({ type: SetLimitsBody })
  @ApiHeader(idempotency)
  setLimits(
    @Param('account') account: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const { currency, minimumBalanceMinor, netDebitCapMinor } = validated(SetLimitsBody, body);
    const hasCap = typeof netDebitCapMinor === 'number';
    if (hasCap && !isParty(account)) throw new Problem('invalid', 'Only a party has a net that can be capped.', 'netDebitCapMinor');
    return this.#command(caller, key, {
      command: 'SetLimits',
      account: accountName(account),
      currency,
      ...(typeof minimumBalanceMinor === 'number' && { minimumBalanceMinor }),
      ...(hasCap && { netDebitCapMinor }),
    });
  }

  @Post('accounts/:account/freeze')
  @HttpCode(200)
  @ApiOperation({ summary: 'Refuse holds and commands on an account; facts still post' })
  @ApiHeader(idempotency)
  freeze(@Param('account') account: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#account('FreezeAccount', account, caller, key);
  }

  @Post('accounts/:account/unfreeze')
  @HttpCode(200)
  @ApiOperation({ summary: 'Take commands on a frozen account again' })
  @ApiHeader(idempotency)
  unfreeze(@Param('account') account: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#account('UnfreezeAccount', account, caller, key);
  }

  @Post('accounts/:account/close')
  @HttpCode(200)
  @ApiOperation({ summary: 'Close an account that has nothing, for good' })
  @ApiHeader(idempotency)
  close(@Param('account') account: string, @Caller() caller: Principal, @IdempotencyKey() key: string | undefined): Promise<object> {
    return this.#account('CloseAccount', account, caller, key);
  }

  #account(command: AccountCommand['command'], account: string, caller: Principal, key: string | undefined): Promise<object> {
    return this.#command(caller, key, { command, account: accountName(account) });
  }

  async #command(caller: Principal, key: string | undefined, content: Content): Promise<object> {
    const commandId = commandIdOf(caller, requiredKey(key));
    const { result, code, subject, replayed, position, ...made } = await this.ledger.answer({ ...content, commandId, by: nameOf(caller) });
    if (result === 'refused') throw refusalOf(code);
    return { subject, ...acceptedView(made), replayed, position: String(position) };
  }
}

/** @throws Problem invalid */
function accountName(account: string): string {
  if (account.length <= maxAccountLength && accountPattern.test(account)) return account;
  throw new Problem('invalid', 'An account is named like platform:A.', 'account');
}

/** The entry that a command posted, with the balances that this very entry made. */
export const acceptedView = ({ entry, balances }: Pick<CommandOutcome, 'entry' | 'balances'>): object => ({
  ...(entry !== undefined && { entry }),
  ...(balances && { balances: balances.map((each) => ({ ...each, availableMinor: each.postedMinor - each.heldMinor })) }),
});

/**
 * @param field where in the request
 * @returns what a refusal of the books is to the caller
 */
export function refusalOf(code: string | undefined, field?: string): Problem {
  if (code !== undefined && isProblemCode(code))
    return new Problem(code, `The ledger refused: ${problems[code].title.toLowerCase()}.`, field);
  throw new Error(`the ledger refused with ${String(code)}, which is no problem code`);
}

const isProblemCode = (code: string): code is ProblemCode => code in problems;
