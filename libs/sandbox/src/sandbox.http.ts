import { Body, Controller, Get, HttpCode, Inject, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { AmountMinor, Currency, Operators, Problem, validated } from '@tongbao/service';
import type { FastifyReply } from 'fastify';
import type { SandboxBank } from './sandbox-bank.js';
import type { SandboxProvider } from './sandbox-provider.js';

export const SANDBOX = Symbol('SANDBOX');

export interface Sandbox {
  providers: ReadonlyMap<string, SandboxProvider>;
  bank: SandboxBank;
}

class PayOutBody {
  @Currency()
  currency!: string;

  @AmountMinor({ optional: true, description: 'what its bill comes to, which is less than it took; all that it holds when left out' })
  amountMinor?: number;
}

/** What happens outside the hub, for trying it out: a payer pays, a provider pays out to the hub's bank. Exists only with the sandbox. */
@ApiTags('sandbox')
@Controller('v1/sandbox')
export class SandboxController {
  constructor(@Inject(SANDBOX) private readonly sandbox: Sandbox) {}

  @Get('pay/:provider/:key')
  @ApiOperation({ summary: 'The page that a payer is sent to: opening it pays' })
  async pay(@Param('provider') provider: string, @Param('key') key: string, @Res() reply: FastifyReply): Promise<void> {
    await this.#provider(provider).payerPays(key);
    void reply
      .header('content-type', 'text/html; charset=utf-8')
      .send('<!doctype html><title>Paid</title><p>Paid. You may close this page.</p>');
  }

  @Post('providers/:provider/pay-out')
  @HttpCode(200)
  @Operators('ops', 'finance')
  @ApiOperation({ summary: "The provider pays what it holds for the hub out to the hub's bank" })
  @ApiBody({ type: PayOutBody })
  payOut(@Param('provider') provider: string, @Body() body: unknown): { provider: string; amountMinor: number; currency: string } {
    const { currency, amountMinor: asked } = validated(PayOutBody, body);
    const amountMinor = this.#provider(provider).payOut(currency, asked);
    if (amountMinor > 0) this.sandbox.bank.depositFromProvider(provider, amountMinor, currency);
    return { provider, amountMinor, currency };
  }

  #provider(name: string): SandboxProvider {
    const provider = this.sandbox.providers.get(name);
    if (!provider) throw new Problem('not_found', `There is no sandbox provider ${name}.`);
    return provider;
  }
}
