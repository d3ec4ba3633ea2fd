import { Controller, Get, Header } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { HubKeys, type PublicEncryptionJwk } from './hub-keys.js';

@ApiTags('keys')
@Controller('.well-known')
export class HubKeysController {
  constructor(private readonly keys: HubKeys) {}

  @Get('jwks.json')
  @Header('cache-control', 'public, max-age=300')
  @ApiOperation({ summary: "The hub's public keys, to encrypt commands over Kafka to (RFC 7517); the first is the newest" })
  list(): { keys: PublicEncryptionJwk[] } {
    return { keys: this.keys.publicKeys() };
  }
}
