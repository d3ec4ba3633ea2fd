import { Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ByLeader } from './by-leader.js';
import { Operators } from './caller.js';
import { inJson } from './in-json.js';
import { Problem } from './problem.js';
import { PROJECTIONS } from './tokens.js';

export interface RebuildReport {
  generation: number;
  events: number;
  seconds: number;
  equal: boolean;
  differences: unknown[];
}

/** What every process wants to know of a projection; its status tells more. */
export interface ProjectionFigures {
  /** What queries read. */
  position: bigint;
  /** Age of the oldest event that they do not read yet. */
  lagMs: number;
  state: string;
  /** Why it stands still, where it does. */
  error?: string;
}

/** A projection that this process keeps. */
export interface RunningProjection {
  status(): ProjectionFigures;
  rebuild(): Promise<RebuildReport>;
  compare(): Promise<RebuildReport>;
}

interface Job {
  kind: 'rebuild' | 'compare';
  state: 'running' | 'done' | 'failed';
  report?: RebuildReport;
  error?: string;
}

@ApiTags('projections')
@Controller('v1/projections')
@Operators('ops', 'finance', 'auditor')
export class ProjectionsController {
  readonly #jobs = new Map<string, Job>();

  constructor(@Inject(PROJECTIONS) private readonly projections: ReadonlyMap<string, RunningProjection>) {}

  @Get()
  @ByLeader('*')
  @ApiOperation({ summary: 'Projections with version, position and lag; what a rebuild came to' })
  list(): object {
    return { items: [...this.projections.keys()].map((name) => this.#describe(name)) };
  }

  @Get(':name')
  @ByLeader(':name')
  @ApiOperation({ summary: 'One projection' })
  get(@Param('name') name: string): object {
    return this.#describe(name);
  }

  @Post(':name/rebuild')
  @ByLeader(':name')
  @HttpCode(202)
  @Operators('ops')
  @ApiOperation({ summary: 'Build it anew beside the live one, compare, switch; ask GET /v1/projections/{name} how far it is' })
  rebuild(@Param('name') name: string): object {
    return this.#run(name, 'rebuild', (projection) => projection.rebuild());
  }

  @Post(':name/compare')
  @ByLeader(':name')
  @HttpCode(202)
  @Operators('ops', 'auditor')
  @ApiOperation({ summary: 'Build it anew beside the live one and compare, without a switch' })
  compare(@Param('name') name: string): object {
    return this.#run(name, 'compare', (projection) => projection.compare());
  }

  #describe(name: string): object {
    return inJson({ name, ...this.#named(name).status(), job: this.#jobs.get(name) });
  }

  #run(name: string, kind: Job['kind'], work: (projection: RunningProjection) => Promise<RebuildReport>): object {
    const projection = this.#named(name);
    if (this.#jobs.get(name)?.state === 'running') throw new Problem('state_conflict', `${name} is being built already.`);
    const job: Job = { kind, state: 'running' };
    this.#jobs.set(name, job);
    work(projection).then(
      (report) => Object.assign(job, { state: 'done', report }),
      (error: unknown) => Object.assign(job, { state: 'failed', error: String(error) }),
    );
    return inJson({ name, job });
  }

  #named(name: string): RunningProjection {
    const projection = this.projections.get(name);
    if (!projection)
      throw new Problem('not_found', `There is no projection ${name}. There are: ${[...this.projections.keys()].join(', ')}.`);
    return projection;
  }
}
