/**
 * Ends a session of HTTP/2 behind the packet that is being read, not within it. Node 22.23.3 aborts the process (`onread->IsFunction()`) where a session is destroyed by what stands in a packet,
 * such as a GOAWAY with an error, and a new call with a body follows in the same packet: any stranger could end a server so. Node 20.20, 22.23.0 and 24.21 go on.
 */
import type { ServerHttp2Session } from 'node:http2';

/** For every session, when it begins. Node itself also calls `destroy` as a method. */
export function endedBehindPacket(session: ServerHttp2Session): void {
  const destroy = session.destroy.bind(session);
  let isPlanned = false;
  session.destroy = (error, code) => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(() => destroy(error, code));
  };
}
