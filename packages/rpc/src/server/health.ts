/** grpc.health.v1: the process ("") and its services share one status, which the process sets. */
import type { Server } from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

export class HealthStatus {
  private readonly health: HealthImplementation;
  private readonly names: readonly string[];

  constructor(services: readonly string[]) {
    this.names = ['', ...services];
    this.health = new HealthImplementation(Object.fromEntries(this.names.map((name) => [name, 'NOT_SERVING'])));
  }

  set(serving: boolean): void {
    for (const name of this.names) this.health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
  }

  addTo(server: Server): void {
    this.health.addToServer(server);
  }
}
