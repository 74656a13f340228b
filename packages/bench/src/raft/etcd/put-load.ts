/**
 * The same closed-loop load on etcd: puts of 100-byte values under 8-byte keys. Connections go to the leader, etcd's shortest way,
 * or to all members alike. That etcd did what it confirmed is checked against its revision, which counts puts.
 */
import { ENTRY_BYTES } from '../node-protocol';
import { addUp, timedLoad, type LoadFigures } from '../timed-load';
import type { EtcdCluster } from './etcd-cluster';
import { PutConnection } from './put-connection';

export interface PutLoad {
  readonly to: 'leader' | 'all';
  readonly callers: number;
  readonly warmUpMs: number;
  readonly durationMs: number;
}

const KEY_BYTES = 8;
const KEYS = 100_000;
/** As many callers share a connection at most; etcd's own benchmark has ten. */
const CALLERS_PER_CONNECTION = 32;

export async function putLoad(cluster: EtcdCluster, load: PutLoad): Promise<LoadFigures> {
  const ports = load.to === 'leader' ? [await cluster.leaderPort()] : cluster.clientPorts;
  const count = Math.max(Math.min(ports.length, load.callers), Math.ceil(load.callers / CALLERS_PER_CONNECTION));
  const connections = await Promise.all(Array.from({ length: count }, (_, at) => PutConnection.open(ports[at % ports.length] ?? 0)));
  const revisionBefore = await cluster.revision();
  let key = 0;
  const call = async (caller: number): Promise<boolean> => {
    key = (key + 1) % KEYS;
    return (await connections[caller % count]?.put(putRequest(key))) ?? false;
  };
  const part = await timedLoad({ callers: load.callers, warmUpMs: load.warmUpMs, durationMs: load.durationMs, call });
  const failed = connections.map((one) => one.failed).find((why) => why !== undefined);
  for (const one of connections) one.close();
  if (failed !== undefined) throw new Error(`a connection to etcd failed: ${failed}`);
  const stored = (await cluster.revision()) - revisionBefore;
  if (stored < part.done) throw new Error(`etcd confirmed ${part.done} puts, but its revision went up by ${stored} only`);
  return addUp([part]);
}

/** message PutRequest { bytes key = 1; bytes value = 2; } */
function putRequest(key: number): Uint8Array {
  const bytes = Buffer.alloc(2 + KEY_BYTES + 2 + ENTRY_BYTES, 1);
  bytes[0] = 0x0a;
  bytes[1] = KEY_BYTES;
  bytes.writeBigUInt64BE(BigInt(key), 2);
  bytes[2 + KEY_BYTES] = 0x12;
  bytes[3 + KEY_BYTES] = ENTRY_BYTES;
  return bytes;
}
