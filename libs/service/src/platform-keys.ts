import { createPublicKey, type KeyObject } from 'node:crypto';
import { keyIdOf, parseKeyId, type ParticipantEvent } from '@tongbao/contracts';
import type { EventStore, LogFeed, StoredEvent } from '@tongbao/event-store';

/** A public key of a platform, ready to verify with. */
export interface PlatformKey {
  platformId: string;
  kid: string;
  key: KeyObject;
  validFrom: Date | undefined;
  expiresAt: Date | undefined;
  isRevoked: boolean;
}

/** Why a key does not count at a time; undefined when it does. */
export function keyProblem({ isRevoked, validFrom, expiresAt }: Omit<PlatformKey, 'key'>, at: Date): string | undefined {
  if (isRevoked) return 'is revoked';
  if (validFrom && at < validFrom) return `is valid from ${validFrom.toISOString()} on`;
  if (expiresAt && at >= expiresAt) return `expired at ${expiresAt.toISOString()}`;
  return undefined;
}

/** Public keys of all platforms, folded from the participants' facts. */
export class PlatformKeys {
  /** By key id, `A/<kid>`. */
  readonly #keys = new Map<string, PlatformKey>();
  /** Streams that are being read, by platform. */
  readonly #reading = new Map<string, Promise<void>>();

  constructor(private readonly store: EventStore) {}

  start(feed: LogFeed): void {
    feed.consume({ name: 'platform-keys', categories: ['participant'], after: 0n }, ({ events }) => {
      for (const { event } of events) this.#apply(event as StoredEvent<ParticipantEvent>['event']);
      return Promise.resolve();
    });
  }

  /**
   * The key of this id, whatever its state. One that is unknown here may have been registered a moment ago: its platform's stream is read before it
   * is called unknown, once for all who ask meanwhile.
   * @param keyId `A/<kid>`, as signatures name it
   * @throws Outage when that cannot be found out
   */
  async find(keyId: string): Promise<PlatformKey | undefined> {
    const known = this.#keys.get(keyId);
    const platformId = parseKeyId(keyId)?.platformId;
    if (known || platformId === undefined) return known;
    const reading = this.#reading.get(platformId) ?? this.reread(platformId).finally(() => this.#reading.delete(platformId));
    this.#reading.set(platformId, reading);
    await reading;
    return this.#keys.get(keyId);
  }

  /** Reads a platform's keys now: what has just been changed counts in this process when this returns, in others when their feed comes to it. */
  async reread(platformId: string): Promise<void> {
    for (const { event } of await this.store.read<ParticipantEvent>(`participant-platform:${platformId}`)) this.#apply(event);
  }

  #apply(event: ParticipantEvent): void {
    if (event.type !== 'PlatformKeyRegistered' && event.type !== 'PlatformKeyRevoked') return;
    const platformId = event.party.slice('platform:'.length);
    const keyId = keyIdOf(platformId, event.kid);
    const known = this.#keys.get(keyId);
    if (event.type === 'PlatformKeyRevoked') {
      if (known) this.#keys.set(keyId, { ...known, isRevoked: true });
      return;
    }
    // The stream may be read while the feed is still on its way to it; what is known already is known better.
    if (known) return;
    const { kid, jwk, validFrom, expiresAt } = event;
    this.#keys.set(keyId, {
      platformId,
      kid,
      key: createPublicKey({ key: { ...jwk }, format: 'jwk' }),
      validFrom: validFrom === undefined ? undefined : new Date(validFrom),
      expiresAt: expiresAt === undefined ? undefined : new Date(expiresAt),
      isRevoked: false,
    });
  }
}
