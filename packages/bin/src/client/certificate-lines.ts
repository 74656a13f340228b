/** Whose certificates end soon, for `cluster status` and `cluster health`: once they have, nobody new can connect to that process. */
import type { ClusterStatus } from '@mas/rpc';
import { DAY_MS, WARN_BEFORE_MS } from '../platform/certificate-times';
import { time } from './output';

const RENEW = 'renew it (docs/runbooks.md, "An expired certificate")';

export function certificateLines({ nodes, coordinator }: Pick<ClusterStatus, 'nodes' | 'coordinator'>, nowMs: number): readonly string[] {
  const processes = [
    ...(coordinator === null ? [] : [{ name: coordinator.id, endMs: coordinator.certificatesEndMs ?? null }]),
    ...nodes.map(({ rm, certificatesEndMs }) => ({ name: `rm-${rm}`, endMs: certificatesEndMs ?? null })),
  ];
  return processes.flatMap(({ name, endMs }) => {
    if (endMs === null || endMs - nowMs >= WARN_BEFORE_MS) return [];
    const days = Math.floor((endMs - nowMs) / DAY_MS);
    const when = endMs <= nowMs ? `has ended on ${time(endMs)}` : `ends on ${time(endMs)}, in ${days} ${days === 1 ? 'day' : 'days'}`;
    return [`a certificate of ${name} ${when}: ${RENEW}`];
  });
}
