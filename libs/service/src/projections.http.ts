import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { BuildRefused, RebuildStopped } from '@tongbao/read-model';
import { ByLeader } from './by-leader.js';
import { Operators } from './caller.js';
import { Flag } from './fields.js';
import { inJson } from './in-json.js';
import { Problem } from './problem.js';
import { PROJECTIONS } from './tokens.js';
import { validated } from './validated.js';

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
  rebuilding?: { reason: 'version' | 'rebuild' | 'compare'; stopped?: true };
}

/** A projection that this process keeps. */
export interface RunningProjection {
  status(): ProjectionFigures;
  rebuild(onProgress?: undefined, options?: { force?: boolean }): Promise<RebuildReport>;
  compare(): Promise<RebuildReport>;
  stopBuild(): Promise<void>;
  resumeBuild(onProgress?: undefined, options?: { force?: boolean }): Promise<RebuildReport | undefined>;
  dropBuild(): Promise<void>;
}

interface Job {
  kind: 'rebuild' | 'compare';
  state: 'running' | 'stopped' | 'done' | 'failed';
  report?: RebuildReport;
  error?: string;
}

export class RebuildBody {
  @Flag({ optional: true, description: 'switch although rows differ: those of the log are right, and the live ones are not' })
  force?: boolean;
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
  @ApiBody({ type: RebuildBody, required: false })
  rebuild(@Param('name') name: string, @Body() body: unknown): object {
    const { force = false } = forceIn(body);
    return this.#begin(name, 'rebuild', (projection) => projection.rebuild(undefined, { force }));
  }

  @Post(':name/compare')
  @ByLeader(':name')
  @HttpCode(202)
  @Operators('ops', 'auditor')
  @ApiOperation({ summary: 'Build it anew beside the live one and compare, without a switch' })
  compare(@Param('name') name: string): object {
    return this.#begin(name, 'compare', (projection) => projection.compare());
  }

  @Post(':name/stop')
  @ByLeader(':name')
  @HttpCode(200)
  @Operators('ops')
  @ApiOperation({ summary: 'Stop what is being built; what there is of it stays, and queries go on reading what they read' })
  async stop(@Param('name') name: string): Promise<object> {
    await orConflict(this.#named(name).stopBuild());
    return this.#describe(name);
  }

  @Post(':name/resume')
  @ByLeader(':name')
  @HttpCode(202)
  @Operators('ops')
  @ApiOperation({ summary: 'Go on with what was stopped, from where it is' })
  @ApiBody({ type: RebuildBody, required: false })
  async resume(@Param('name') name: string, @Body() body: unknown): Promise<object> {
    const { force = false } = forceIn(body);
    const projection = this.#named(name);
    const reason = projection.status().rebuilding?.reason;
    if (reason === undefined) throw new Problem('state_conflict', `${name}: no build was stopped.`);
    if (reason !== 'version') return this.#run(name, reason, (resumed) => reportOf(resumed.resumeBuild(undefined, { force })));
    await orConflict(projection.resumeBuild());
    return this.#describe(name);
  }

  @Post(':name/drop')
  @ByLeader(':name')
  @HttpCode(200)
  @Operators('ops')
  @ApiOperation({ summary: 'Give up what is being built, or was stopped; a new version is begun again from the start of the log' })
  async drop(@Param('name') name: string): Promise<object> {
    await orConflict(this.#named(name).dropBuild());
    this.#jobs.delete(name);
    return this.#describe(name);
  }

  #describe(name: string): object {
    return inJson({ name, ...this.#named(name).status(), job: this.#jobs.get(name) });
  }

  #begin(name: string, kind: Job['kind'], work: (projection: RunningProjection) => Promise<RebuildReport>): object {
    const built = this.#named(name).status().rebuilding;
    if (built?.stopped) throw new Problem('state_conflict', `${name}: what was being built is stopped: resume it or drop it first.`);
    return this.#run(name, kind, work);
  }

  #run(name: string, kind: Job['kind'], work: (projection: RunningProjection) => Promise<RebuildReport>): object {
    const projection = this.#named(name);
    if (this.#jobs.get(name)?.state === 'running') throw new Problem('state_conflict', `${name} is being built already.`);
    const job: Job = { kind, state: 'running' };
    this.#jobs.set(name, job);
    work(projection).then(
      (report) => Object.assign(job, { state: 'done', report }),
      (error: unknown) =>
        Object.assign(job, error instanceof RebuildStopped ? { state: 'stopped' } : { state: 'failed', error: String(error) }),
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

/** @throws Problem invalid */
const forceIn = (body: unknown): RebuildBody => (body === undefined || body === null ? {} : validated(RebuildBody, body));

/** What is built for a version has no job, and is never asked for here. */
async function reportOf(built: Promise<RebuildReport | undefined>): Promise<RebuildReport> {
  const report = await built;
  if (!report) throw new Error('a build without a report');
  return report;
}

/** @throws Problem state_conflict for what does not go with the present state of a build */
async function orConflict<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof BuildRefused ? new Problem('state_conflict', `${error.message}.`) : error;
  }
}
