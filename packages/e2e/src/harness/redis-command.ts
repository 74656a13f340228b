/** One command to Redis over a connection of its own. */
import { connect } from 'node:net';

const TIMEOUT_MS = 60_000;

export function redisCommand(port: number, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => void socket.write(`${command}\r\n`));
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error(`Redis does not answer ${command}`)));
    socket.once('error', reject);
    socket.once('data', (reply) => {
      socket.destroy();
      const text = reply.toString('utf8');
      if (text.startsWith('-')) reject(new Error(text.trim()));
      else resolve(text.trim());
    });
  });
}
