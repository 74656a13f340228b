/** Child process of the unary yardstick: an empty handler behind TLS. Prints its port; ends when its parent does. */
import { readFileSync } from 'node:fs';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { ECHO } from './grpc-unary-service';

const [ca = '', certificate = '', key = ''] = process.argv.slice(2);
const server = new Server();
server.addService({ echo: ECHO }, { echo: (call: { readonly request: Buffer }, reply: (error: null, value: Buffer) => void) => reply(null, call.request) });
server.bindAsync(
  'localhost:0',
  ServerCredentials.createSsl(readFileSync(ca), [{ cert_chain: readFileSync(certificate), private_key: readFileSync(key) }]),
  (error, port) => {
    if (error !== null) throw error;
    process.stdout.write(`${port}\n`);
  },
);
process.stdin.on('end', () => process.exit(0)).resume();
