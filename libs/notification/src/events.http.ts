import { Controller, Get, Headers, Inject, Query, Res, type BeforeApplicationShutdown } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiProduces, ApiQuery, ApiTags } from '@nestjs/swagger';
import { Allow, Caller, LOGGER, Problem, type Principal } from '@tongbao/service';
import type { FastifyReply } from 'fastify';
import type { Logger } from 'pino';
import { placeOf, StalledReader, writeEvents } from './event-stream.js';
import { NewsFeed } from './news.feed.js';
import type { NewsItem, NewsReference } from './news.js';
import { askedPlatform } from './notification.parts.js';

const heartbeatMs = 15_000;
const stallMs = 30_000;
const mostReadersEach = 100;

@ApiTags('events')
@Controller('v1/events')
export class EventsController implements BeforeApplicationShutdown {
  readonly #stopping = new AbortController();
  /** Open streams by who reads them. */
  readonly #readers = new Map<string, number>();

  constructor(
    private readonly feed: NewsFeed,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  @Get()
  @Allow({ platforms: true, operators: ['ops', 'finance', 'auditor'] })
  @ApiOperation({
    summary: 'Server-sent events: what webhooks say, as it happens. Resumes after Last-Event-ID with no gap and no repetition',
  })
  @ApiProduces('text/event-stream')
  @ApiQuery({ name: 'platform', required: false, description: 'for operators: of this platform only' })
  @ApiQuery({ name: 'lastEventId', required: false, description: 'where the header cannot be set; `start` = from the first event on' })
  @ApiHeader({ name: 'Last-Event-ID', required: false, description: 'the id of the last event that was seen; without it only what is new' })
  async follow(
    @Query('platform') asked: string | undefined,
    @Query('lastEventId') asParameter: string | undefined,
    @Headers('last-event-id') asHeader: string | undefined,
    @Caller() caller: Principal,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const platform = askedPlatform(caller, asked);
    const from = await this.#placeAfter(asHeader ?? asParameter);
    const reader = platform ?? 'operators';
    const open = this.#readers.get(reader) ?? 0;
    if (open >= mostReadersEach) throw new Problem('overloaded', `${reader} has ${open} event streams open already.`);
    this.#readers.set(reader, open + 1);
    try {
      await this.#stream(reply, from, (item) => platform === undefined || item.platformId === platform);
    } finally {
      this.#readers.set(reader, (this.#readers.get(reader) ?? 1) - 1);
    }
  }

  /** Open streams would keep the server from closing. */
  beforeApplicationShutdown(): void {
    this.#stopping.abort();
  }

  async #stream(reply: FastifyReply, from: NewsReference, wants: (item: NewsItem) => boolean): Promise<void> {
    reply.hijack();
    const { raw } = reply;
    const closed = new AbortController();
    raw.once('close', () => closed.abort());
    raw.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store', 'x-accel-buffering': 'no' });
    try {
      const signal = AbortSignal.any([closed.signal, this.#stopping.signal]);
      await writeEvents(raw, this.feed, { from, wants, heartbeatMs, stallMs, signal });
      raw.end();
    } catch (error) {
      // The head is sent: a problem document is no longer possible. The reader comes back with its Last-Event-ID.
      if (!(error instanceof StalledReader)) this.logger.error({ err: error }, 'an event stream broke off');
      raw.destroy();
    }
  }

  async #placeAfter(eventId: string | undefined): Promise<NewsReference> {
    if (eventId === undefined) return this.feed.end();
    if (eventId === 'start') return { revision: -1, index: 0 };
    const place = placeOf(eventId);
    // Another process may have given it, and this one's feed not have come to it.
    if (!place || (place.revision > this.feed.last && place.revision > (await this.feed.newest())))
      throw new Problem('invalid', 'Last-Event-ID must be the id of an event of this stream.', 'Last-Event-ID');
    return place;
  }
}
