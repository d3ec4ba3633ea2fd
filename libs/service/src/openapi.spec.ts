import 'reflect-metadata';
import { Controller, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { ApiBody } from '@nestjs/swagger';
import { describe, expect, it } from '@jest/globals';
import { Id, Integer, ListOf, Nested } from './fields.js';
import { openApiOf } from './http-application.js';

class Share {
  @Integer({ min: 1 })
  parts!: number;
}

class Item {
  @Id()
  id!: string;

  @ListOf(() => Share, { min: 1, max: 3, description: 'who gets what' })
  shares!: Share[];
}

class Order {
  @Nested(() => Item)
  item!: Item;

  @Nested(() => Item, { optional: true })
  other?: Item;
}

@Controller('orders')
class OrderController {
  @Post()
  @ApiBody({ type: Order })
  order(): void {
    // Only described.
  }
}

@Module({ controllers: [OrderController] })
class OrderModule {}

describe('the description of a body with bodies in it', () => {
  it('has a schema of each of them, and a reference to it wherever it is used', async () => {
    const app = await NestFactory.create<NestFastifyApplication>(OrderModule, new FastifyAdapter(), { logger: false });
    const { components } = openApiOf(app, 'orders');
    await app.close();
    expect(components?.schemas).toEqual({
      Order: {
        type: 'object',
        required: ['item'],
        properties: { item: { $ref: '#/components/schemas/Item' }, other: { $ref: '#/components/schemas/Item' } },
      },
      Item: {
        type: 'object',
        required: ['id', 'shares'],
        properties: {
          id: expect.objectContaining({ type: 'string' }),
          shares: {
            type: 'array',
            description: 'who gets what',
            minItems: 1,
            maxItems: 3,
            items: { $ref: '#/components/schemas/Share' },
          },
        },
      },
      Share: { type: 'object', required: ['parts'], properties: { parts: { type: 'integer', minimum: 1 } } },
    });
  });
});
