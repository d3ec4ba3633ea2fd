import { Controller, Get, Inject } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { ByLeader } from './by-leader.js';
import { Operators } from './caller.js';
import { inJson } from './in-json.js';
import { RELAYS } from './tokens.js';

/** The relays that this process runs, as they stand. */
export type RelayStatuses = () => readonly object[];

@ApiTags('relays')
@Controller('v1/relays')
@Operators('ops', 'auditor')
export class RelaysController {
  constructor(@Inject(RELAYS) private readonly relays: RelayStatuses) {}

  @Get()
  @ByLeader('*')
  @ApiOperation({ summary: 'What brings messages from the log to the bus: position, lag, messages, and why it stands still if it does' })
  list(): object {
    return inJson({ items: this.relays() });
  }
}
