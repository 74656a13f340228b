/** One question to a process's grpc.health.v1, with a node's certificate. */
import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';
import { service } from 'grpc-health-check';
import type { TlsIdentity } from '../auth/tls-identity';
import { serverName } from './server-name';

export type Health = 'SERVING' | 'NOT_SERVING' | 'UNREACHABLE';

const CHECK = service['Check'] as MethodDefinition<{ readonly service: string }, { readonly status: string }>;

export function checkHealth(address: string, tls: TlsIdentity, timeoutMs: number): Promise<Health> {
  const name = serverName(address);
  const client = new Client(address, credentials.createSsl(tls.ca, tls.key, tls.certificate, name.verify), name.options);
  return new Promise((resolve) => {
    client.makeUnaryRequest('/grpc.health.v1.Health/Check', CHECK.requestSerialize, CHECK.responseDeserialize, { service: '' }, { deadline: Date.now() + timeoutMs }, (error, answer) => {
      client.close();
      if (error !== null || answer === undefined) resolve('UNREACHABLE');
      else resolve(answer.status === 'SERVING' ? 'SERVING' : 'NOT_SERVING');
    });
  });
}
