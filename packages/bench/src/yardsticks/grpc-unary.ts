/** Yardstick: unary calls a second through grpc-js and TLS with an empty handler in another process: no system on it can be faster. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { closedLoop, type LoadResult } from '../load/closed-loop';
import { ECHO } from './grpc-unary-service';

const REQUEST_BYTES = 160;

export async function grpcUnaryCeiling(certs: string, callers: number, durationMs: number): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(__dirname, 'grpc-unary-server.js'), join(certs, 'ca.crt'), join(certs, 'tm.crt'), join(certs, 'tm.key')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (line: Buffer) => resolve(line.toString().trim()));
      child.once('exit', (code) => reject(new Error(`the unary yardstick's server ended with ${code}`)));
    });
    const client = new Client(`localhost:${port}`, credentials.createSsl(readFileSync(join(certs, 'ca.crt'))));
    const request = Buffer.alloc(REQUEST_BYTES, 7);
    const call = (): Promise<void> =>
      new Promise((resolve, reject) => {
        client.makeUnaryRequest(ECHO.path, ECHO.requestSerialize, ECHO.responseDeserialize, request, (error) => (error === null ? resolve() : reject(error)));
      });
    const result = await closedLoop({ callers, durationMs, call });
    client.close();
    return result;
  } finally {
    child.stdin.end();
    child.kill();
  }
}
