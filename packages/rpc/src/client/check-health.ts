/** One question to a process's grpc.health.v1, with a node's certificate. */
import { Client, credentials } from '@grpc/grpc-js';
import type { TlsIdentity } from '../auth/tls-identity';
import { HealthCheckResponse_ServingStatus, HealthService } from '../generated/grpc/health/v1/health';
import { serverName } from './server-name';

export type Health = 'SERVING' | 'NOT_SERVING' | 'UNREACHABLE';

const CHECK = HealthService.check;

export function checkHealth(address: string, tls: TlsIdentity, timeoutMs: number): Promise<Health> {
  const name = serverName(address);
  const client = new Client(address, credentials.createSsl(tls.ca, tls.key, tls.certificate, name.verify), name.options);
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      CHECK.path,
      CHECK.requestSerialize,
      CHECK.responseDeserialize,
      { service: '' },
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        client.close();
        if (error !== null || answer === undefined) resolve('UNREACHABLE');
        else resolve(answer.status === HealthCheckResponse_ServingStatus.SERVING ? 'SERVING' : 'NOT_SERVING');
      },
    );
  });
}
