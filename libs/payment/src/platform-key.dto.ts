import { Nested, OneOf, Text, Timestamp } from '@tongbao/service';

export class PublicJwkBody {
  @OneOf(['OKP'])
  kty!: 'OKP';

  @OneOf(['Ed25519'])
  crv!: 'Ed25519';

  @Text({ min: 43, max: 43, pattern: /^[A-Za-z0-9_-]{43}$/, description: 'the public key, base64url' })
  x!: string;

  @Text({
    optional: true,
    max: 128,
    pattern: /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/,
    description: "names the key among the platform's own; its RFC 7638 thumbprint when left out",
  })
  kid?: string;

  @OneOf(['sig'], { optional: true })
  use?: 'sig';

  @OneOf(['Ed25519', 'EdDSA'], { optional: true })
  alg?: 'Ed25519' | 'EdDSA';
}

export class PlatformKeyBody {
  @Nested(() => PublicJwkBody, { description: 'the public key (RFC 8037); never the private one' })
  jwk!: PublicJwkBody;

  @Timestamp({ optional: true, description: 'at once when left out' })
  validFrom?: string;

  @Timestamp({ optional: true, description: 'never when left out' })
  expiresAt?: string;
}
