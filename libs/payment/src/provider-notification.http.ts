import { Controller, HttpCode, Param, Post, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Problem } from '@tongbao/service';
import type { FastifyRequest } from 'fastify';
import { parseProviderKey } from './payment-id.js';
import { PaymentReactor } from './payment.reactor.js';
import { PaymentQueries } from './payments.view.js';
import { ProjectionPosition } from './projection-position.js';
import { Providers } from './providers.js';
import { PaymentWaiters } from './payment.waiters.js';
import { TopUpReactor } from './top-up.reactor.js';

/** Providers call here. What they say is a hint: the provider is asked, and its answer is what counts. */
@ApiTags('providers')
@Controller('v1/providers')
export class ProviderNotificationController {
  constructor(
    private readonly providers: Providers,
    private readonly queries: PaymentQueries,
    private readonly projection: ProjectionPosition,
    private readonly reactor: PaymentReactor,
    private readonly topUps: TopUpReactor,
    private readonly waiters: PaymentWaiters,
  ) {}

  @Post(':name/notifications')
  @HttpCode(200)
  @ApiOperation({ summary: "A provider's notification, proved by its own signature over the raw bytes" })
  async notify(@Param('name') name: string, @Req() request: FastifyRequest): Promise<{ received: true }> {
    const provider = this.providers.get(name);
    if (!provider) throw new Problem('not_found', `There is no provider ${name}.`);
    const key = provider.readNotification(request.headers, request.rawBody ?? Buffer.alloc(0));
    if (key === undefined) throw new Problem('unauthenticated', "The notification's signature is not the provider's.");
    const about = parseProviderKey(key);
    if (!about) throw new Problem('invalid', 'The notification is about a key that the hub did not make.', 'key');
    if (about.call === 'top-up') await this.#topUp(about.idPrefix);
    else if (about.call === 'attempt') await this.#payment(about.idPrefix, about.number);
    return { received: true };
  }

  async #payment(idPrefix: string, attempt: number): Promise<void> {
    const paymentId = await this.#find(() => this.queries.paymentIdOf(idPrefix));
    this.waiters.changed(paymentId, await this.reactor.inquire(paymentId, attempt));
  }

  async #topUp(idPrefix: string): Promise<void> {
    await this.topUps.inquire(await this.#find(() => this.queries.topUpIdOf(idPrefix)));
  }

  /** A notification can be quicker than the projection: before it is called unknown, the projection reads the log to its end. */
  async #find(query: () => Promise<string | undefined>): Promise<string> {
    const known = await query();
    if (known) return known;
    await this.projection.catchUp();
    const found = await query();
    if (!found) throw new Problem('not_found', 'The notification is about a payment that the hub does not know.');
    return found;
  }
}
