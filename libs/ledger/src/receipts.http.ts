import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, LOGGER, Problem, PROJECTIONS, reachedAtLeast, type Principal } from '@tongbao/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { NotAsSigned, Receipts, type Insight, type PaymentReceipts } from './log.receipts.js';

interface ReceiptQuery {
  entry?: string;
  atLeast?: string;
}

interface Follower {
  status(): { position: bigint };
  reached(position: bigint, timeoutMs: number): Promise<boolean>;
}

/** Part of a stream's name. */
const paymentId = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,199}$/;

/** Proofs that what was posted of a payment is in the transparency log. */
@ApiTags('transparency log')
@Controller('v1/receipts')
@Allow({ platforms: true, operators: ['finance', 'auditor', 'ops'] })
export class ReceiptsController {
  constructor(
    private readonly receipts: Receipts,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get(':paymentId')
  @ApiOperation({
    summary:
      'A receipt (C2SP tlog-proof) for each entry of the books about a payment; with Accept: text/plain one of them as a file. 409 receipt_pending until a checkpoint covers it',
  })
  @ApiQuery({ name: 'entry', required: false, description: 'number of the entry' })
  @ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' })
  @ApiProduces('application/json', 'text/plain')
  async of(
    @Param('paymentId') id: string,
    @Query() query: ReceiptQuery,
    @Caller() caller: Principal,
    @Req() request: FastifyRequest,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const entry = entryOf(query.entry);
    const ledger = this.#projection();
    await reachedAtLeast(ledger, query.atLeast);
    const seller = paymentId.test(id) ? await this.receipts.sellerOf(id) : undefined;
    if (seller === undefined || (caller.kind === 'platform' && caller.platformId !== seller))
      throw new Problem('not_found', `There is no payment ${id}.`);
    const found = await this.#found(id, insightOf(caller), entry);
    if (found.items.length === 0) throw refusalOf(found, entry);
    const position = String(ledger.status().position);
    if (!asFile(request.headers.accept)) void reply.send({ paymentId: id, ...found, position });
    else sendFile(reply, id, found);
  }

  async #found(id: string, insight: Insight, entry: number | undefined): Promise<PaymentReceipts> {
    try {
      return await this.receipts.of(id, insight, entry);
    } catch (error) {
      if (error instanceof NotAsSigned) this.logger.fatal({ err: error, paymentId: id }, 'a receipt cannot be given');
      throw error;
    }
  }

  #projection(): Follower {
    const projection = this.projections.get('ledger');
    if (!projection) throw new Problem('unavailable', 'The projection of the ledger does not run in this process.');
    return projection;
  }
}

function entryOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const entry = Number(text);
  if (!/^\d{1,16}$/.test(text) || !Number.isSafeInteger(entry))
    throw new Problem('invalid', 'The number of an entry is an integer from 0 on.', 'entry');
  return entry;
}

/** The leaf is for everybody. What it hides is for the platform that sells, and for those of the hub who look after the books. */
function insightOf(caller: Principal): Insight {
  if (caller.kind === 'platform') return 'business';
  return caller.roles.some((role) => role === 'auditor' || role === 'finance' || role === 'admin') ? 'all' : 'nothing';
}

/** There is a payment; what there is not yet is an entry, or a checkpoint that covers it. */
function refusalOf({ pending }: PaymentReceipts, entry: number | undefined): Problem {
  if (entry !== undefined && pending.length === 0)
    return new Problem('entry_not_found', `Entry ${entry} is not about this payment.`, 'entry');
  return new Problem(
    'receipt_pending',
    pending.length === 0 ? 'Nothing is posted of this payment yet.' : `No checkpoint covers entry ${pending.join(', ')} yet.`,
  );
}

const asFile = (accept: string | undefined): boolean => accept?.startsWith('text/plain') ?? false;

function sendFile(reply: FastifyReply, id: string, { items, pending }: PaymentReceipts): void {
  const [only] = items;
  if (!only || items.length + pending.length > 1)
    throw new Problem('invalid', 'The payment has several entries: say which with entry=<number>.', 'entry');
  void reply
    .header('content-type', 'text/plain; charset=utf-8')
    .header('content-disposition', `attachment; filename="${id}-${only.entry}.tlog-proof"`)
    .send(only.receipt);
}
