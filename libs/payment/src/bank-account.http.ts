import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { account, type ParticipantEvent } from '@tongbao/contracts';
import { EventStore, handle } from '@tongbao/event-store';
import {
  Allow,
  Caller,
  CLOCK,
  CommandRefusals,
  EVENT_STORE,
  HUB_CONFIG,
  IdempotencyKey,
  nameOf,
  Operators,
  Problem,
  validated,
  type Clock,
  type HubConfig,
  type Principal,
} from '@tongbao/service';
import {
  accountOf,
  coolingChange,
  decideBankAccount,
  noBankAccounts,
  ownInForce,
  type BankAccountCommand,
  type BankAccountRefusal,
  type BankAccounts,
  type BankAccountState,
} from './bank-account.decide.js';
import { ApproveBankAccountBody, BankAccountBody, EndBankAccountBody, ProposeBankAccountEndBody } from './bank-account.dto.js';
import { Directory } from './directory.js';
import { participantFold, participantStream, type ParticipantState } from './participant.decide.js';
import { KindInPath, partyOf, type Kind } from './participant.kind.js';

const states = ['proposed', 'cooling'] as const;

/**
 * Where parties are paid out to, in all currencies or in one: proposed by one, verified and approved by another. A party's first account is in force at once; a changed
 * one when its cooling time is over, and whoever hears of the change meanwhile can stop it.
 */
@ApiTags('bank accounts')
@Controller('v1')
export class BankAccountController {
  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(HUB_CONFIG) private readonly config: HubConfig,
    @Inject(CLOCK) private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly refusals: CommandRefusals,
  ) {}

  @Get('bank-accounts')
  @Operators('finance', 'approver', 'ops', 'auditor')
  @ApiOperation({ summary: 'Parties whose bank account waits for an approval, or for the end of its cooling time' })
  @ApiQuery({ name: 'state', required: false, enum: states })
  async list(@Query('state') state: string | undefined): Promise<object> {
    if (state !== undefined && !states.some((each) => each === state))
      throw new Problem('invalid', `state must be one of ${states.join(', ')}.`, 'state');
    await this.directory.refresh();
    const now = this.clock.now();
    const parties = (['platform', 'creator'] as const).flatMap((kind) => this.directory.participants(kind));
    const items = parties
      .filter(({ bankAccounts }) => statesOf(bankAccounts, now).some((each) => state === undefined || each === state))
      .map(({ registered: { party }, bankAccounts }) => ({ party, ...shownBankAccounts(bankAccounts, now) }));
    return { items };
  }

  @Get(['platforms/:id/bank-account', 'creators/:id/bank-account'])
  @Allow({ platforms: true, operators: ['finance', 'approver', 'ops', 'auditor'] })
  @ApiOperation({ summary: 'Where the party is paid out to, and what is proposed or about to come into force' })
  async get(@KindInPath() kind: Kind, @Param('id') id: string, @Caller() caller: Principal): Promise<object> {
    const party = partyOf(kind, id);
    requireOwn(party, caller);
    await this.directory.refresh();
    const participant = this.directory.participant(party);
    if (!participant) throw new Problem('not_found', `There is no ${party}.`);
    return { party, ...shownBankAccounts(participant.bankAccounts, this.clock.now()) };
  }

  @Put(['platforms/:id/bank-account', 'creators/:id/bank-account'])
  @Allow({ platforms: true, operators: ['finance'] })
  @ApiOperation({ summary: 'Propose where the party is paid out to; another person verifies and approves it' })
  @ApiBody({ type: BankAccountBody })
  propose(
    @KindInPath() kind: Kind,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ProposeBankAccount', partyOf(kind, id), caller, key, body, (commandId, asked) => {
      const { currency, ...account } = validated(BankAccountBody, body);
      if (currency !== undefined && !this.config.currencies.includes(currency))
        throw new Problem('currency_unsupported', `The hub does not settle ${currency}.`, 'currency');
      const proposalId = proposalIdOf(commandId);
      return { type: 'ProposeBankAccount', proposalId, ...(currency !== undefined && { currency }), account: accountOf(account), ...asked };
    });
  }

  @Post(['platforms/:id/bank-account/end', 'creators/:id/bank-account/end'])
  @HttpCode(200)
  @Allow({ platforms: true, operators: ['finance'] })
  @ApiOperation({
    summary: 'Propose that the account of one currency is ended; once another person has approved it, nothing is instructed to it any more',
  })
  @ApiBody({ type: ProposeBankAccountEndBody })
  end(
    @KindInPath() kind: Kind,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ProposeBankAccountEnd', partyOf(kind, id), caller, key, body, (commandId, asked) => {
      const { currency, reason } = validated(ProposeBankAccountEndBody, body);
      return { type: 'ProposeBankAccountEnd', proposalId: proposalIdOf(commandId), currency, reason, ...asked };
    });
  }

  @Post(['platforms/:id/bank-account/approve', 'creators/:id/bank-account/approve'])
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve what somebody else proposed, once it is verified' })
  @ApiBody({ type: ApproveBankAccountBody })
  approve(
    @KindInPath() kind: Kind,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    const coolingMs = this.config.bankAccountCoolingHours * 3_600_000;
    return this.#run('ApproveBankAccount', partyOf(kind, id), caller, key, body, (_, asked) => {
      const { proposalId, note } = validated(ApproveBankAccountBody, body);
      return { type: 'ApproveBankAccount', proposalId, note, coolingMs, ...asked };
    });
  }

  @Post(['platforms/:id/bank-account/reject', 'creators/:id/bank-account/reject'])
  @HttpCode(200)
  @Allow({ platforms: true, operators: ['finance', 'approver'] })
  @ApiOperation({ summary: 'Reject what is proposed, or take it back' })
  @ApiBody({ type: EndBankAccountBody })
  reject(
    @KindInPath() kind: Kind,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('RejectBankAccount', partyOf(kind, id), caller, key, body, (_, { by }) => {
      const { proposalId, reason } = validated(EndBankAccountBody, body);
      return { type: 'RejectBankAccount', proposalId, reason, by };
    });
  }

  @Post(['platforms/:id/bank-account/stop', 'creators/:id/bank-account/stop'])
  @HttpCode(200)
  @Allow({ platforms: true, operators: ['finance', 'approver', 'ops'] })
  @ApiOperation({ summary: 'Stop an approved change within its cooling time: the account before it stays in force' })
  @ApiBody({ type: EndBankAccountBody })
  stop(
    @KindInPath() kind: Kind,
    @Param('id') id: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('StopBankAccountChange', partyOf(kind, id), caller, key, body, (_, asked) => {
      const { proposalId, reason } = validated(EndBankAccountBody, body);
      return { type: 'StopBankAccountChange', proposalId, reason, ...asked };
    });
  }

  #run(
    operation: string,
    party: string,
    principal: Principal,
    key: string | undefined,
    body: unknown,
    toCommand: (commandId: string, asked: { by: string; now: string }) => BankAccountCommand,
  ): Promise<object> {
    const before = () => requireOwn(party, principal);
    return this.refusals.answer({ principal, key, operation, body: { party, body }, before }, (commandId) => {
      const asked = { by: nameOf(principal), now: this.clock.now().toISOString() };
      return this.#handle(party, toCommand(commandId, asked), commandId);
    });
  }

  async #handle(party: string, command: BankAccountCommand, commandId: string): Promise<object> {
    const stream = participantStream(party);
    const handled = await handle<ParticipantState, ParticipantEvent, BankAccountRefusal>(
      this.store,
      stream,
      participantFold,
      (state) => (state ? decideBankAccount(party, command, state.bankAccounts) : { refused: 'not_found' }),
      { commandId, correlationId: party, actor: command.by },
    );
    if (handled.outcome === 'refused' && !(await this.#isDone(stream, commandId)))
      throw new Problem(handled.refusal, handled.state ? details[handled.refusal] : `There is no ${party}.`);
    return { party, ...shownBankAccounts(handled.state?.bankAccounts ?? noBankAccounts, this.clock.now()) };
  }

  /** A command that is repeated after its effect finds a state that would refuse it: the stream says that it was the one. */
  async #isDone(stream: string, commandId: string): Promise<boolean> {
    const events = await this.store.read(stream);
    return events.some(({ metadata }) => metadata.$causationId === commandId);
  }
}

const proposalIdOf = (commandId: string): string => `bap_${commandId.replace(/^cmd_/, '').slice(0, 20)}`;

const details: Record<BankAccountRefusal, string> = {
  not_found: 'There is no such proposal, change or account.',
  state_conflict: 'Another proposal waits, another change is cooling, or this one is in force already.',
  four_eyes: 'Whoever proposed a bank account may not approve it.',
};

/** A platform's own account, and nobody else's. */
function requireOwn(party: string, caller: Principal): void {
  if (caller.kind === 'platform' && account.platform(caller.platformId) !== party)
    throw new Problem('forbidden', 'A platform names its own bank account.');
}

function statesOf(accounts: BankAccounts, now: Date): string[] {
  return [...accounts.values()].flatMap((state) => [
    ...(state.proposal || state.ending ? ['proposed'] : []),
    ...(coolingChange(state, now.toISOString()) ? ['cooling'] : []),
  ]);
}

/**
 * What is in force, what comes into force and when, and what waits for another person; each is left out where there is none. What is of one currency stands
 * under it, in `bankAccountsByCurrency`.
 */
export function shownBankAccounts(accounts: BankAccounts, now: Date): object {
  const ofCurrencies = [...accounts]
    .flatMap(([currency, state]) => (currency === undefined ? [] : [[currency, shownBankAccount(state, now)] as const]))
    .filter(([, shown]) => Object.keys(shown).length > 0)
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return {
    ...shownBankAccount(accounts.get(undefined) ?? {}, now),
    ...(ofCurrencies.length > 0 && { bankAccountsByCurrency: Object.fromEntries(ofCurrencies) }),
  };
}

function shownBankAccount(state: BankAccountState, now: Date): object {
  const { proposal, ending } = state;
  const inForce = ownInForce(state, now.toISOString());
  const change = coolingChange(state, now.toISOString());
  return {
    ...(inForce && { bankAccount: inForce }),
    ...(change && {
      bankAccountChange: { proposalId: change.proposalId, ...accountOf(change), approvedBy: change.by, inForceAt: change.inForceAt },
    }),
    ...(proposal && {
      bankAccountProposal: {
        proposalId: proposal.proposalId,
        ...accountOf(proposal),
        proposedBy: proposal.by,
        proposedAt: proposal.proposedAt,
      },
    }),
    ...(ending && {
      bankAccountEndProposal: {
        proposalId: ending.proposalId,
        reason: ending.reason,
        proposedBy: ending.by,
        proposedAt: ending.proposedAt,
      },
    }),
  };
}
