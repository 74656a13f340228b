/**
 * Connections between nodes: TLS with the cluster's own CA on both sides, keepalive so that a dead peer is noticed
 * within seconds, and one connection per purpose, so that snapshots, Raft and payments do not share a window.
 */
import { Client, credentials, experimental, type ChannelOptions, type VerifyOptions } from '@grpc/grpc-js';
import type { RmId } from '@mas/values';
import { checkIsResourceManager, checkServesAs } from '../auth/peer-role';
import { LiveTls } from '../auth/live-tls';
import type { TlsIdentity } from '../auth/tls-identity';
import { serverName } from './server-name';

/** Frames between nodes: batches of instructions, of Raft entries, chunks of snapshots. */
export const MAX_NODE_MESSAGE_BYTES = 64 * 1024 * 1024;
const FLOW_CONTROL_WINDOW_BYTES = 8 * 1024 * 1024;

export const NODE_CHANNEL_OPTIONS: ChannelOptions = {
  'grpc.max_receive_message_length': MAX_NODE_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_NODE_MESSAGE_BYTES,
  'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
  'grpc.keepalive_time_ms': 3_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1_000,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  // Statistics that nobody asks for.
  'grpc.enable_channelz': 0,
};

/**
 * A dial that has led nowhere for so long is given up for a new one. After a partition that swallows packets, TCP itself tries
 * again after twice the time each time, so that a connection would come up to half a minute after the network is whole.
 */
export const DIAL_TIMEOUT_MS = 4_000;
/** The same for what callers wait for: TCP asks after 0, 1 and 3 s. Every third dial has twice the time, for a machine too busy for a handshake. */
export const SESSION_DIAL_TIMEOUT_MS = 2_000;

/** Dials a Resource Manager. The server must hold that one's certificate, whatever its address. */
export function dialResourceManager(rm: RmId, address: string, tls: TlsIdentity): Client {
  const name = serverName(address, checkServesAs(rm));
  return new Client(address, channelCredentials(tls, name.verify), { ...NODE_CHANNEL_OPTIONS, ...name.options });
}

function channelCredentials(tls: TlsIdentity, verify: VerifyOptions): ReturnType<typeof credentials.createSsl> {
  if (tls instanceof LiveTls) return experimental.createCertificateProviderChannelCredentials(tls, tls, verify);
  return credentials.createSsl(tls.ca, tls.key, tls.certificate, verify);
}

/** Dials whoever is there, as long as it is a Resource Manager of the cluster's CA: of a node that joins, who does not know the others yet. */
export function dialAnyResourceManager(address: string, tls: TlsIdentity): Client {
  const name = serverName(address, checkIsResourceManager());
  return new Client(address, channelCredentials(tls, name.verify), { ...NODE_CHANNEL_OPTIONS, ...name.options });
}

export const identity = (bytes: Buffer): Buffer => bytes;
