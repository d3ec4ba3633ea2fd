import { Controller, Get, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { Operators } from '@tongbao/service';
import { queries } from './api-queries.js';
import { FinanceReads } from './finance.reads.js';
import { fxPositions } from './fx.view.js';
import { currencyIn } from './query-params.js';

/** What the hub itself is exposed to by exchanging for parties. */
@ApiTags('finance')
@Controller('v1/finance/fx')
@Operators('finance', 'approver', 'auditor', 'ops')
export class FxPositionsController {
  constructor(private readonly reads: FinanceReads) {}

  @Get()
  @ApiOperation({
    summary: 'What hub:fx has by currency, what is locked and not exchanged yet, what waits for a rate, and what roundings left out',
  })
  @queries.currency
  @queries.atLeast
  async positions(@Query() query: { currency?: string; atLeast?: string }): Promise<object> {
    const currency = currencyIn(query.currency);
    return this.reads.read(['settlement', 'finance'], query.atLeast, async (snapshot) => ({
      items: await fxPositions(snapshot, currency),
      position: String(snapshot.position),
    }));
  }
}
