/** One question to a process's grpc.health.v1, with a node's certificate. */
import { Client, credentials } from '@grpc/grpc-js';
import type { TlsIdentity } from '../auth/tls-identity';
import { HealthCheckRequest, HealthCheckResponse, HealthCheckResponse_ServingStatus as ServingStatus } from '../generated/grpc/health/v1/health';

export type Health = 'SERVING' | 'NOT_SERVING' | 'UNREACHABLE';

export function checkHealth(address: string, tls: TlsIdentity, timeoutMs: number): Promise<Health> {
  const client = new Client(address, credentials.createSsl(tls.ca, tls.key, tls.certificate));
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      '/grpc.health.v1.Health/Check',
      (request: HealthCheckRequest) => Buffer.from(HealthCheckRequest.encode(request).finish()),
      (bytes) => HealthCheckResponse.decode(bytes),
      { service: '' },
      { deadline: Date.now() + timeoutMs },
      (error, answer) => {
        client.close();
        resolve(error !== null || answer === undefined ? 'UNREACHABLE' : answer.status === ServingStatus.SERVING ? 'SERVING' : 'NOT_SERVING');
      },
    );
  });
}
