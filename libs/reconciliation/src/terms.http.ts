import { Body, Controller, Get, HttpCode, Inject, Param, Post, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { proposalIdOf } from '@tongbao/contracts';
import {
  atLeastQuery,
  Caller,
  Edge,
  IdempotencyKey,
  Operators,
  Problem,
  toAnswer,
  validated,
  type Asked,
  type AtLeast,
  type Principal,
} from '@tongbao/service';
import { ReconciliationCommands, type TermsRequest } from './reconciliation.commands.js';
import { ApproveProposalBody, NoteBody, TermsBody } from './reconciliation.dto.js';
import { ReconciliationQueries } from './reconciliation.queries.js';
import { builtInProviders, builtInTerms, termsIn } from './terms.js';

/** How the bills of each provider are read, and by how much they may differ. */
@ApiTags('reconciliation')
@Controller('v1/reconciliation/terms')
@Operators('finance', 'approver', 'ops', 'auditor')
export class TermsController {
  constructor(
    @Inject(Edge) private readonly edge: Edge,
    private readonly commands: ReconciliationCommands,
    private readonly queries: ReconciliationQueries,
  ) {}

  @Get()
  @ApiOperation({ summary: 'Terms of each provider whose bills can be given, and what is proposed; version 0: nobody has set them' })
  @atLeastQuery
  async terms(@Query() { atLeast }: AtLeast): Promise<object> {
    const position = await this.edge.position(atLeast);
    const set = new Map((await this.queries.allTerms()).map((row) => [row.provider, row]));
    const proposed = new Map((await this.queries.allProposedTerms()).map((row) => [row.provider, row]));
    const providers = [...new Set([...builtInProviders, ...set.keys(), ...proposed.keys()])].sort();
    const items = providers.map((provider) => {
      const { version, terms, by, approvedBy, setAt } = set.get(provider) ?? { version: 0, terms: builtInTerms(provider) };
      const { proposalId, terms: wanted, by: proposedBy, proposedAt } = proposed.get(provider) ?? {};
      const proposal = proposalId !== undefined && { proposal: { proposalId, ...wanted, by: proposedBy, proposedAt } };
      return { provider, version, ...terms, by, ...(approvedBy != null && { approvedBy }), setAt, ...proposal };
    });
    return { items, position };
  }

  @Put(':provider')
  @Operators('finance', 'approver')
  @ApiOperation({
    summary:
      'Propose the terms of a provider; once somebody else approves what is answered as proposalId, they count for the runs that begin then',
  })
  @ApiBody({ type: TermsBody })
  propose(
    @Param('provider') provider: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ProposeReconciliationTerms', provider, body, caller, key, ({ commandId }) => {
      if (!/^[a-z][a-z0-9]{0,31}$/.test(provider)) throw new Problem('invalid', 'provider must be the name of a provider.', 'provider');
      return { type: 'ProposeTerms', provider, proposalId: proposalIdOf(commandId), terms: termsIn(validated(TermsBody, body)) };
    });
  }

  @Post(':provider/approve')
  @HttpCode(200)
  @Operators('approver')
  @ApiOperation({ summary: 'Approve the terms that somebody else proposed' })
  @ApiBody({ type: ApproveProposalBody })
  approve(
    @Param('provider') provider: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('ApproveReconciliationTerms', provider, body, caller, key, () => ({
      type: 'ApproveTerms',
      proposalId: validated(ApproveProposalBody, body).proposalId,
    }));
  }

  @Post(':provider/reject')
  @HttpCode(200)
  @Operators('finance', 'approver')
  @ApiOperation({ summary: 'Drop the terms that are proposed' })
  @ApiBody({ type: NoteBody })
  reject(
    @Param('provider') provider: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.#run('RejectReconciliationTerms', provider, body, caller, key, () => ({
      type: 'RejectTerms',
      note: validated(NoteBody, body).note,
    }));
  }

  #run(
    operation: string,
    provider: string,
    body: unknown,
    caller: Principal,
    key: string | undefined,
    command: (asked: Asked) => TermsRequest,
  ): Promise<object> {
    return this.edge.run(operation, caller, key, { provider, body }, async (asked) => {
      const request = command(asked);
      const named = 'proposalId' in request && { proposalId: request.proposalId };
      return { provider, ...named, ...toAnswer(await this.commands.onTerms(provider, request, asked)) };
    });
  }
}
