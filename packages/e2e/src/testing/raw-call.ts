/** One call past MasClient and its good manners: without a token, without a deadline, with a node's certificate. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials, Metadata, status as Code, type ServiceError } from '@grpc/grpc-js';

export interface RawOptions {
  /** Default: none. */
  readonly token?: string;
  readonly deadline?: boolean;
  /** Path without .crt and .key. */
  readonly certificate?: string;
  /** Which Resource Manager the call claims to come from. */
  readonly rm?: number;
}

const CALL_TIMEOUT_MS = 60_000;

/** An empty message, and the end of the stream where the method takes one. */
export function rawCall(certs: string, address: string, path: string, options: RawOptions): Promise<{ readonly code: number; readonly details: string }> {
  const ca = readFileSync(join(certs, 'ca.crt'));
  const { certificate } = options;
  const secure =
    certificate === undefined ? credentials.createSsl(ca) : credentials.createSsl(ca, readFileSync(`${certificate}.key`), readFileSync(`${certificate}.crt`));
  const client = new Client(address, secure, { 'grpc.use_local_subchannel_pool': 1 });
  const metadata = new Metadata();
  if (options.token !== undefined && options.token !== '') metadata.set('authorization', `Bearer ${options.token}`);
  if (options.rm !== undefined) metadata.set('mas-rm', String(options.rm));
  const pass = (bytes: Buffer): Buffer => bytes;
  return new Promise((resolve) => {
    const done = (error: ServiceError | null): void => {
      client.close();
      resolve({ code: error?.code ?? Code.OK, details: error?.details ?? '' });
    };
    client.makeUnaryRequest(path, pass, pass, Buffer.alloc(0), metadata, options.deadline === false ? {} : { deadline: Date.now() + CALL_TIMEOUT_MS }, done);
  });
}
