/** A client's call to a Transaction Manager over the simulated network: it may be lost either way, and a dead one never answers. */
import { rendered } from '@mas/auditor';
import type { Caller, TransactionCoordinator } from '@mas/transaction-coordinator';
import type { Subject } from '@mas/ledger';
import type { Cluster } from '../cluster/cluster';
import type { TmProcess } from '../cluster/tm-process';
import { tokenOf } from '../cluster/tokens';

export type Called<Value> = { readonly kind: 'answered'; readonly value: Value } | { readonly kind: 'unreachable' } | { readonly kind: 'no-answer' };

/** A client waits a little longer than the deadline that it sent. */
const PATIENCE_MS = 1_500;

export interface Call {
  readonly tm: string;
  readonly client: string;
  readonly subject: Subject;
  readonly deadlineMs: number;
  readonly what: string;
}

export function callTm<Value>(
  cluster: Cluster,
  call: Call,
  work: (tm: TmProcess, caller: Caller, coordinator: TransactionCoordinator) => Promise<Value>,
): Promise<Called<Value>> {
  const { network, world } = cluster;
  return new Promise((resolve) => {
    let isOver = false;
    const end = (called: Called<Value>): void => {
      if (isOver) return;
      isOver = true;
      giveUp();
      resolve(called);
    };
    const giveUp = world.time.at(call.deadlineMs + PATIENCE_MS, () => end({ kind: 'no-answer' }));
    if (network.copies(call.client, call.tm) === 0) return;
    world.time.at(network.delayMs(), () => {
      const tm = cluster.tms.get(call.tm);
      if (tm === undefined || !tm.isServing) {
        world.time.at(network.delayMs(), () => end({ kind: 'unreachable' }));
        return;
      }
      tm.process.enter(() => {
        const caller: Caller = { subject: call.subject, token: tokenOf(call.subject), deadlineMs: tm.process.clock.monotonicMs() + call.deadlineMs };
        void work(tm, caller, tm.coordinator).then((value) => {
          if (!tm.process.isAlive || network.copies(call.tm, call.client) === 0) return;
          world.trace.record(`answer ${call.what}`, Buffer.from(rendered(value)));
          world.time.at(network.delayMs(), () => end({ kind: 'answered', value }));
        });
      });
    });
  });
}
