import { eventually } from '@tongbao/testing';
import type { Place } from './kcat.js';
import type { Market } from './market.js';

export interface Letter {
  deadLetterId: string;
  group: string;
  topic: string;
  partition: number;
  /** Partition, offset, and when the broker took it. */
  offset: string;
  reason: string;
  status: string;
  record: { key?: string; headers: Record<string, string>; payload: string };
  id?: string;
  messageType?: string;
  error?: { name: string; message: string; stack?: string };
}

export interface Released {
  handled: number;
  stillParked: boolean;
  failed?: { deadLetterId: string; attempts: number; error: { message: string } };
}

interface GroupAnswer {
  group: string;
  state: string;
  parkedKeys: { topic: string; key: string; deadLetters: number }[];
  topics: TopicAnswer[];
}

interface TopicAnswer {
  topic: string;
  lagMessages: number;
  /** What is dealt with, and what of it is saved: sums of offsets. */
  position: string;
  saved: string;
  passedOver: number;
  paused: object[];
  failed: object[];
  error?: string;
}

/** The dead letters as ops see them, through the gateway. */
export class DeadLetters {
  constructor(private readonly market: Market) {}

  async list(group: string): Promise<Letter[]> {
    const letters: Letter[] = [];
    for (let cursor: string | undefined; ;) {
      const query = cursor === undefined ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await this.market.done(this.market.get('ops', `/v1/dead-letters/${group}?limit=50${query}`), 200);
      letters.push(...(body.items as Letter[]));
      if (body.cursor === undefined) return letters;
      cursor = body.cursor;
    }
  }

  async of(group: string, topic: string, key: string): Promise<Letter[]> {
    return (await this.list(group)).filter((letter) => letter.topic === topic && letter.record.key === key);
  }

  /** Waits until they are all there. @returns by place */
  async at(group: string, places: readonly Place[]): Promise<Map<string, Letter>> {
    const byPlace = async () => new Map((await this.list(group)).map((letter) => [placeOf(letter), letter]));
    await eventually(
      async () => {
        const found = await byPlace();
        return places.map(nameOf).filter((name) => !found.has(name));
      },
      (missing) => missing.length === 0,
      30_000,
    );
    return byPlace();
  }

  async groups(): Promise<GroupAnswer[]> {
    const { body } = await this.market.done(this.market.get('ops', '/v1/dead-letters'), 200);
    return body.items as GroupAnswer[];
  }

  async group(name: string): Promise<GroupAnswer> {
    const found = (await this.groups()).find(({ group }) => group === name);
    if (!found) throw new Error(`there is no group ${name}`);
    return found;
  }

  async isParked(group: string, topic: string, key: string): Promise<boolean> {
    return (await this.group(group)).parkedKeys.some((parked) => parked.topic === topic && parked.key === key);
  }

  async release(group: string, topic: string, key: string): Promise<Released> {
    return (await this.market.done(this.market.post('ops', `/v1/dead-letters/${group}/release`, { topic, key }), 200)).body as Released;
  }

  async discard({ group, deadLetterId }: Letter, reason: string): Promise<void> {
    const path = `/v1/dead-letters/${group}/${encodeURIComponent(deadLetterId)}/discard`;
    await this.market.done(this.market.post('ops', path, { reason }), 200);
  }

  /** Waits until every group has dealt with, and saved, everything that lies in its topics. */
  async rest(): Promise<void> {
    await eventually(
      async () =>
        (await this.groups()).flatMap(({ topics }) =>
          topics.filter(({ lagMessages, position, saved }) => lagMessages > 0 || position !== saved),
        ),
      (behind) => behind.length === 0,
      30_000,
    );
  }
}

/** The place that a letter comes from, called in the same way: without the time when the broker took it. */
const placeOf = ({ topic, offset }: Letter): string => `${topic} ${offset.split('.').slice(0, 2).join('.')}`;

/** How a place is called here. */
export const nameOf = ({ topic, partition, offset }: Place): string => `${topic} ${partition}.${offset}`;
