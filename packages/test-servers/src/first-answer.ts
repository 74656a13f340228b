/** How one sees that a server of a kind answers: what it says first, on its own or to a greeting. */
import { connect } from 'node:net';

const PROBE_TIMEOUT_MS = 5_000;

/** False where nobody listens, nothing is said in time, or something else is said. */
export function firstAnswer(port: number, greeting: string | Uint8Array | null, isExpected: (answer: Buffer) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      if (greeting !== null) socket.write(greeting);
    });
    const finish = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PROBE_TIMEOUT_MS, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('data', (answer) => finish(isExpected(answer)));
  });
}
