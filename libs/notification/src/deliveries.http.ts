import { Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiQuery, ApiTags } from '@nestjs/swagger';
import { EventStore } from '@tongbao/event-store';
import type { SqlClient } from '@tongbao/read-model';
import {
  Allow,
  Caller,
  CLOCK,
  CommandRefusals,
  EVENT_STORE,
  IdempotencyKey,
  nameOf,
  pageOf,
  Problem,
  PROJECTIONS,
  SQL,
  type Clock,
  type PageQuery,
  type Principal,
} from '@tongbao/service';
import { deliverySummary, findDelivery, listDeliveries } from './deliveries.view.js';
import type { Follower } from './delivery.dispatcher.js';
import { newsBody } from './news.js';
import { NewsReader } from './news.reader.js';
import { askedPlatform, loadEndpoint, positionOf } from './notification.parts.js';
import type { DeliveryRow, DeliveryState } from './notification.tables.js';
import { queueDeliveries } from './redelivery.js';

interface DeliveryQuery extends PageQuery {
  platform?: string;
  endpoint?: string;
  state?: string;
  subject?: string;
  atLeast?: string;
}

const states: readonly string[] = ['pending', 'delivered', 'dead'] satisfies DeliveryState[];

@ApiTags('deliveries')
@Controller('v1/deliveries')
export class DeliveriesController {
  readonly #reader: NewsReader;

  constructor(
    @Inject(EVENT_STORE) private readonly store: EventStore,
    @Inject(SQL) private readonly sql: SqlClient,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, Follower>,
    private readonly refusals: CommandRefusals,
  ) {
    this.#reader = new NewsReader(store);
  }

  @Get()
  @Allow({ platforms: true, operators: ['ops', 'finance', 'auditor'] })
  @ApiOperation({ summary: 'The delivery log, newest first; a platform sees its own' })
  @ApiQuery({ name: 'platform', required: false })
  @ApiQuery({ name: 'endpoint', required: false })
  @ApiQuery({
    name: 'state',
    required: false,
    enum: ['pending', 'delivered', 'dead'],
    description: 'dead: given up after the last attempt',
  })
  @ApiQuery({ name: 'subject', required: false, description: 'a payment, settlement or payout' })
  @ApiQuery({ name: 'atLeast', required: false, description: 'log position that the answer must reflect' })
  async list(@Query() query: DeliveryQuery, @Caller() caller: Principal): Promise<object> {
    const platform = askedPlatform(caller, query.platform);
    const { state, endpoint, subject } = query;
    if (state !== undefined && !isState(state)) throw new Problem('invalid', `state must be one of ${states.join(', ')}.`, 'state');
    const { limit, after } = pageOf(query);
    const position = await positionOf(this.projections, query.atLeast);
    return { ...(await listDeliveries(this.sql, { platform, endpoint, state, subject }, limit, after)), position };
  }

  @Get(':deliveryId')
  @Allow({ platforms: true, operators: ['ops', 'finance', 'auditor'] })
  @ApiOperation({ summary: 'One delivery with its attempts and its payload' })
  async get(
    @Param('deliveryId') deliveryId: string,
    @Query('atLeast') atLeast: string | undefined,
    @Caller() caller: Principal,
  ): Promise<object> {
    const position = await positionOf(this.projections, atLeast);
    const row = await this.#find(deliveryId, caller);
    const item = await this.#reader.read({ revision: row.newsRevision, index: row.newsIndex });
    return { ...deliverySummary(row), history: row.history, payload: newsBody(item), position };
  }

  @Post(':deliveryId/redeliver')
  @HttpCode(202)
  @Allow({ platforms: true, operators: ['ops'] })
  @ApiOperation({ summary: 'Send it again under the same webhook-id, whatever became of it; it gets a new round of attempts' })
  redeliver(
    @Param('deliveryId') deliveryId: string,
    @Caller() caller: Principal,
    @IdempotencyKey() key: string | undefined,
  ): Promise<object> {
    return this.refusals.answer({ principal: caller, key, operation: 'Redeliver', body: { deliveryId } }, async (commandId) => {
      const row = await this.#find(deliveryId, caller);
      const { endpointId, messageId, type, subject } = row;
      const { endpoint } = await loadEndpoint(this.store, endpointId, caller);
      if (endpoint.status !== 'enabled') throw new Problem('state_conflict', 'Enable the endpoint first.');
      if (row.queuedBy === commandId) return { deliveryId };
      const delivery = { messageId, type, subject, news: { revision: row.newsRevision, index: row.newsIndex } };
      const position = await queueDeliveries(this.store, endpoint, [delivery], { commandId, by: nameOf(caller), now: this.clock.now() });
      return { deliveryId, position: String(position) };
    });
  }

  async #find(deliveryId: string, caller: Principal): Promise<DeliveryRow> {
    const row = await findDelivery(this.sql, deliveryId);
    const isOwn = caller.kind === 'operator' || row?.platformId === caller.platformId;
    if (!row || !isOwn) throw new Problem('not_found', `There is no delivery ${deliveryId}.`);
    return row;
  }
}

const isState = (state: string): state is DeliveryState => states.includes(state);
