/** One who has signed in: the connections that speak with his token, and what he watches. */
import type { MasClient } from '@mas/client';
import type { Clock, Logger } from '@mas/values';
import { Sampler, type SamplerOptions } from '../live/sampler';
import type { Claims } from './claims';

export interface ViewerOptions {
  readonly claims: Claims;
  /** To all Transaction Managers. */
  readonly client: MasClient;
  /** To each of them, for what each says of itself. */
  readonly managers: SamplerOptions['managers'];
  readonly judge: SamplerOptions['judge'];
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Viewer {
  readonly client: MasClient;
  readonly claims: Claims;
  readonly sampler: Sampler;

  constructor(private readonly options: ViewerOptions) {
    this.client = options.client;
    this.claims = options.claims;
    this.sampler = new Sampler(options);
  }

  get tokenEndsAtMs(): number {
    return this.claims.endsAtMs;
  }

  isWatching(): boolean {
    return this.sampler.isWatched();
  }

  close(): void {
    this.sampler.close();
    this.client.close();
    for (const { client } of this.options.managers) client.close();
  }
}
