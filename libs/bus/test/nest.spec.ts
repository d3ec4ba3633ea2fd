import 'reflect-metadata';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CanActivate, Controller, Inject, Injectable, Module, Scope, UseGuards, type INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { EventStore, LogFeed, Outage } from '@tongbao/event-store';
import { startEventStoreServer, type EventStoreServer } from '@tongbao/event-store-server';
import { of } from 'rxjs';
import { Bus, busCategories, Consume, EmbeddedTransport, type Incident, type Message } from '../src/index.js';
import { commandTopic, outsideTopic, until } from './harness.js';

class Notes {
  readonly seen: string[] = [];
  down = true;
}

@Injectable()
class Nobody implements CanActivate {
  canActivate(): boolean {
    return false;
  }
}

@Controller()
class Commands {
  constructor(@Inject(Notes) private readonly notes: Notes) {}

  @Consume({ group: 'ledger', topic: commandTopic, type: ['Place', 'Void'] })
  @Consume({ group: 'audit', topic: commandTopic, type: 'Place' })
  async place({ type, data }: Message<{ n: number }>): Promise<void> {
    await Promise.resolve();
    this.notes.seen.push(`${type} ${data.n}`);
  }

  @Consume({ group: 'audit', topic: commandTopic, type: 'Void' })
  skip(): void {
    return undefined;
  }

  @Consume({ group: 'ledger', topic: commandTopic, type: 'Bug' })
  fail(): Promise<void> {
    return Promise.reject(new RangeError('a bug'));
  }

  @Consume({ group: 'ledger', topic: commandTopic, type: 'Outage' })
  outage({ data }: Message<{ n: number }>): void {
    if (this.notes.down) throw new Outage('the provider is down');
    this.notes.seen.push(`Outage ${data.n}`);
  }

  @Consume({ group: 'ledger', topic: commandTopic, type: 'Observed' })
  observed({ data }: Message<{ n: number }>) {
    this.notes.seen.push(`Observed ${data.n}`);
    return of(1, 2);
  }

  @UseGuards(Nobody)
  @Consume({ group: 'ledger', topic: commandTopic, type: 'Guarded' })
  guarded(): void {
    this.notes.seen.push('Guarded');
  }
}

@Controller({ scope: Scope.REQUEST })
class Scoped {
  constructor(@Inject(Notes) private readonly notes: Notes) {}

  @Consume({ group: 'payment', topic: outsideTopic, type: 'Request' })
  request({ data }: Message<{ n: number }>): void {
    if (data.n < 0) throw new RangeError('a bug');
    this.notes.seen.push(`Request ${data.n}`);
  }
}

@Module({ controllers: [Commands, Scoped], providers: [Notes] })
class TestModule {}

describe('the bus in a Nest application', () => {
  let server: EventStoreServer;
  let store: EventStore;
  let feed: LogFeed;
  let app: INestApplication;
  let bus: Bus;
  const incidents: Incident[] = [];

  beforeEach(async () => {
    server = await startEventStoreServer({ dataDir: ':memory:' });
    store = EventStore.connect(server.connectionString);
    feed = new LogFeed(store, { categories: busCategories([], [commandTopic, outsideTopic]) });
    await feed.start();
    const transport = new EmbeddedTransport({ store, feed, publishers: [] });
    bus = new Bus({ transport, store, backoff: { firstMs: 1, maxMs: 2 }, onIncident: (incident) => incidents.push(incident) });
    app = await NestFactory.create(TestModule, new FastifyAdapter(), { logger: false });
    for (const group of ['ledger', 'audit', 'payment']) app.connectMicroservice({ strategy: bus.server(group) });
    await app.startAllMicroservices();
  });
  afterEach(async () => {
    await app.close();
    await bus.stop();
    await feed.stop();
    void store.close();
    await server.close();
  });

  const send = (topic: string, key: string, type: string, n: number) => bus.client.send({ topic, key, type, data: { n } });
  const notes = () => app.get(Notes);

  it('gives each group the handlers that are its own', async () => {
    await send(commandTopic, 'a', 'Place', 1);
    await send(commandTopic, 'a', 'Void', 2);
    await send(commandTopic, 'a', 'Observed', 3);
    await until(() => notes().seen.length === 4);
    expect(notes().seen.toSorted()).toEqual(['Observed 3', 'Place 1', 'Place 1', 'Void 2']);
    await until(async () => (await bus.deadLetters('audit').list()).items.length === 1);
    expect(bus.groups).toEqual(['ledger', 'audit', 'payment']);
  });

  it('tells poison by the error that was thrown', async () => {
    await send(commandTopic, 'b', 'Bug', 1);
    await send(commandTopic, 'g', 'Guarded', 2);
    await until(async () => (await bus.deadLetters('ledger').list()).items.length === 2);
    const { items } = await bus.deadLetters('ledger').list();
    const errors = items.map(({ reason, error }) => [reason, error?.name, error?.message]);
    expect(errors).toContainEqual(['failed', 'RangeError', 'a bug']);
    expect(items.find(({ messageType }) => messageType === 'Bug')?.error?.stack).toContain('nest.spec');
    expect(notes().seen).toEqual([]);
  });

  it('tells an outage by the error that was thrown', async () => {
    incidents.length = 0;
    await send(commandTopic, 'o', 'Outage', 1);
    await until(() => incidents.filter(({ kind }) => kind === 'paused').length > 2);
    expect(bus.status().find(({ group }) => group === 'ledger')?.topics[0]?.paused).toMatchObject([
      { error: 'Outage: the provider is down' },
    ]);
    notes().down = false;
    await until(() => notes().seen.includes('Outage 1'));
    expect((await bus.deadLetters('ledger').list()).items).toEqual([]);
  });

  it('serves request-scoped controllers alike', async () => {
    await send(outsideTopic, 'r', 'Request', -1);
    await send(outsideTopic, 'r', 'Request', 5);
    await until(() => notes().seen.length === 1);
    expect(notes().seen).toEqual(['Request 5']);
    expect((await bus.deadLetters('payment').list()).items[0]?.error).toMatchObject({ name: 'RangeError', message: 'a bug' });
  });

  it('saves the offsets when the application closes', async () => {
    await send(outsideTopic, 'r', 'Request', 6);
    await until(() => notes().seen.length === 1);
    await app.close();
    expect(bus.status().map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(await store.readLast(`checkpoint-payment_${outsideTopic}`)).toMatchObject({ event: { type: 'CheckpointReached' } });
  });
});
