import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { Bus, DeadLetterRefusal, type DeadLetterOps } from '@tongbao/bus';
import type { ProblemCode } from '@tongbao/contracts';
import { ByLeader } from './by-leader.js';
import { Caller, nameOf, Operators, type Principal } from './caller.js';
import { Text } from './fields.js';
import { inJson } from './in-json.js';
import { pageOf, type PageQuery } from './page.js';
import { Problem } from './problem.js';
import { BUS } from './tokens.js';
import { validated } from './validated.js';

class ReleaseBody {
  @Text({ optional: true, description: 'with key: everything of a parked key, in order' })
  topic?: string;

  @Text({ optional: true, max: 512 })
  key?: string;

  @Text({ optional: true, description: 'instead of topic and key: this one, whose key is not parked' })
  deadLetterId?: string;
}

class DiscardBody {
  @Text({ max: 500 })
  reason!: string;
}

const codes: Record<DeadLetterRefusal['code'], ProblemCode> = {
  unknown_topic: 'invalid',
  unknown_cursor: 'invalid',
  unknown_dead_letter: 'not_found',
  already_resolved: 'state_conflict',
  key_parked: 'state_conflict',
  nothing_to_release: 'state_conflict',
};

/** Dead letters and parked keys of the consumer groups that this process hosts. */
@ApiTags('dead letters')
@Controller('v1/dead-letters')
@Operators('ops')
export class DeadLettersController {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  @Get()
  @ByLeader('*')
  @Operators('ops', 'auditor')
  @ApiOperation({ summary: 'Groups with their lag, parked keys and paused partitions' })
  groups(): object {
    return inJson({ items: this.bus.status().map((status) => ({ ...status, parkedKeys: this.#of(status.group).parkedKeys() })) });
  }

  @Get(':group')
  @ByLeader(':group')
  @Operators('ops', 'auditor')
  @ApiOperation({ summary: 'Dead letters of a group, oldest first; unresolved ones unless all=true' })
  list(@Param('group') group: string, @Query() query: PageQuery & { topic?: string; key?: string; all?: string }): Promise<object> {
    const { limit } = pageOf({ limit: query.limit });
    const { topic, key, cursor } = query;
    const options = { limit, all: query.all === 'true', ...(topic && { topic }), ...(key && { key }), ...(cursor && { cursor }) };
    return refusable(() => this.#of(group).list(options));
  }

  @Get(':group/:deadLetterId')
  @ByLeader(':group')
  @Operators('ops', 'auditor')
  @ApiOperation({ summary: 'One dead letter with its origin, payload and error' })
  show(@Param('group') group: string, @Param('deadLetterId') deadLetterId: string): Promise<object> {
    return refusable(() => this.#of(group).show(deadLetterId));
  }

  @Post(':group/release')
  @ByLeader(':group')
  @HttpCode(200)
  @ApiOperation({ summary: 'Handle the dead letters of a parked key again, in order; the key is free when all are handled' })
  @ApiBody({ type: ReleaseBody })
  release(@Param('group') group: string, @Body() body: unknown, @Caller() caller: Principal): Promise<object> {
    const { topic, key, deadLetterId } = validated(ReleaseBody, body);
    const by = nameOf(caller);
    if (deadLetterId !== undefined) return refusable(() => this.#of(group).releaseOne(deadLetterId, by));
    if (topic === undefined || key === undefined) throw new Problem('invalid', 'Name topic and key, or deadLetterId.', 'key');
    return refusable(() => this.#of(group).release(topic, key, by));
  }

  @Post(':group/:deadLetterId/discard')
  @ByLeader(':group')
  @HttpCode(200)
  @ApiOperation({ summary: 'Give a dead letter up, with a reason' })
  @ApiBody({ type: DiscardBody })
  async discard(
    @Param('group') group: string,
    @Param('deadLetterId') deadLetterId: string,
    @Body() body: unknown,
    @Caller() caller: Principal,
  ): Promise<object> {
    const { reason } = validated(DiscardBody, body);
    await refusable(() => this.#of(group).discard(deadLetterId, nameOf(caller), reason));
    return refusable(() => this.#of(group).show(deadLetterId));
  }

  #of(group: string): DeadLetterOps {
    if (!this.bus.groups.includes(group))
      throw new Problem('not_found', `There is no group ${group} here. There are: ${this.bus.groups.join(', ')}.`);
    return this.bus.deadLetters(group);
  }
}

async function refusable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeadLetterRefusal) throw new Problem(codes[error.code], error.message);
    throw error;
  }
}
