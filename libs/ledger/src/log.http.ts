import { Controller, Get, Inject, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Outage } from '@tongbao/event-store';
import { SQL, Problem } from '@tongbao/service';
import type { SqlClient } from '@tongbao/read-model';
import { encodeBundle, formatVerifierKey, hashLength, LogRefused, parsePath, tileWidth, type ParsedPath } from '@tongbao/transparency-log';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PublishedCheckpoint } from './log.checkpoints.js';
import { LogQueries } from './log.queries.js';
import { TransparencyLog } from './log.service.js';
import type { LogSettings } from './log.settings.js';
import { LOG_SETTINGS } from './log.tokens.js';

const prefix = '/log/';
const noteType = 'text/plain; charset=utf-8';
const tileType = 'application/octet-stream';
/** A new one comes every second. */
const forNow = 'public, max-age=1';
/** What is in a tile of a width never changes; one that is full will also always be asked for. */
const forEver = 'public, max-age=31536000, immutable';
const forAnHour = 'public, max-age=3600';

/** The transparency log as C2SP tlog-tiles has it: for everybody, without a name or a key. */
@ApiTags('transparency log')
@Controller('log')
export class LogController {
  readonly #queries: LogQueries;

  constructor(
    @Inject(SQL) sql: SqlClient,
    @Inject(LOG_SETTINGS) private readonly settings: LogSettings,
    private readonly log: TransparencyLog,
  ) {
    this.#queries = new LogQueries(sql);
  }

  @Get('checkpoint')
  @ApiOperation({ summary: 'The newest signed checkpoint, with the cosignatures that it has (C2SP tlog-checkpoint)' })
  @ApiProduces('text/plain')
  async checkpoint(@Res() reply: FastifyReply): Promise<void> {
    sendNote(reply, await this.log.checkpoints.newest());
  }

  @Get('witnessed')
  @ApiOperation({ summary: 'The newest checkpoint that as many witnesses as the policy asks for have cosigned' })
  @ApiProduces('text/plain')
  async witnessed(@Res() reply: FastifyReply): Promise<void> {
    sendNote(reply, await this.log.checkpoints.witnessed());
  }

  @Get('keys')
  @ApiOperation({
    summary: 'The key of the log, its witnesses with theirs, and how many must have cosigned. Learn them from somewhere else, too',
  })
  keys(): object {
    const { log, witnesses, policy } = this.settings;
    return {
      origin: log.origin,
      verifierKey: formatVerifierKey(log.key),
      witnesses: witnesses.map(({ key, url }) => ({ name: key.name, verifierKey: formatVerifierKey(key), url })),
      quorum: policy.quorum,
    };
  }

  @Get('tile/*')
  @ApiOperation({ summary: 'A tile of hashes, `<L>/<N>[.p/<W>]`, or the leaves of one, `entries/<N>[.p/<W>]` (C2SP tlog-tiles)' })
  @ApiParam({ name: 'path', description: 'such as 0/x001/x234/067 or entries/000.p/17' })
  @ApiProduces('application/octet-stream')
  async tile(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const asked = askedIn(request.url);
    const bytes = await this.#bytesOf(asked);
    if (!bytes) throw await this.#missing(asked);
    const caching = asked.width === tileWidth ? forEver : forAnHour;
    void reply.header('content-type', tileType).header('cache-control', caching).send(bytes);
  }

  async #bytesOf(asked: ParsedPath): Promise<Uint8Array | undefined> {
    if (asked.kind === 'entries') {
      const leaves = await this.#queries.bundle(asked);
      return leaves && encodeBundle(leaves);
    }
    try {
      return (await this.#queries.tiles(asked)).subarray(0, asked.width * hashLength);
    } catch (error) {
      if (error instanceof LogRefused && error.code === 'tile_missing') return undefined;
      throw error;
    }
  }

  /** A tile of what is published cannot be missing for long: the tables are being made again. */
  async #missing(asked: ParsedPath): Promise<Error> {
    const size = (await this.log.checkpoints.newest())?.size ?? 0;
    const level = asked.kind === 'tile' ? asked.level : 0;
    const isPublished = Math.floor(size / tileWidth ** level) >= asked.index * tileWidth + asked.width;
    if (isPublished) return new Outage('the tables of the transparency log are being made');
    return new Problem('not_found', 'The log has no such tile yet.');
  }
}

function sendNote(reply: FastifyReply, checkpoint: PublishedCheckpoint | undefined): void {
  if (!checkpoint) throw new Problem('not_found', 'The log has no such checkpoint yet.');
  void reply.header('content-type', noteType).header('cache-control', forNow).send(checkpoint.note);
}

/** @throws Problem not_found for what is not the path of a tile */
function askedIn(url: string): ParsedPath {
  const [path = ''] = url.slice(prefix.length).split('?');
  try {
    return parsePath(path);
  } catch (error) {
    if (error instanceof LogRefused) throw new Problem('not_found', error.message);
    throw error;
  }
}
