/**
 * A process's TLS material that may be replaced while the process runs. Connections that are made from then on use what is new; those
 * that are open go on.
 */
import type { experimental } from '@grpc/grpc-js';
import type { TlsIdentity } from './tls-identity';

type CertificateProvider = Parameters<typeof experimental.createCertificateProviderChannelCredentials>[0];
type CaListener = Parameters<CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<CertificateProvider['addIdentityCertificateListener']>[0];

export class LiveTls implements TlsIdentity, CertificateProvider {
  private readonly listeners = new Set<() => void>();
  private readonly caListeners = new Set<CaListener>();
  private readonly identityListeners = new Set<IdentityListener>();

  constructor(private current: TlsIdentity) {}

  get ca(): Buffer {
    return this.current.ca;
  }

  get certificate(): Buffer {
    return this.current.certificate;
  }

  get key(): Buffer {
    return this.current.key;
  }

  replace(by: TlsIdentity): void {
    this.current = by;
    for (const listener of this.listeners) listener();
    for (const listener of this.caListeners) listener({ caCertificate: by.ca });
    for (const listener of this.identityListeners) listener({ certificate: by.certificate, privateKey: by.key });
  }

  onChange(listener: () => void): void {
    this.listeners.add(listener);
  }

  addCaCertificateListener(listener: CaListener): void {
    this.caListeners.add(listener);
    listener({ caCertificate: this.ca });
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.caListeners.delete(listener);
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.identityListeners.add(listener);
    listener({ certificate: this.certificate, privateKey: this.key });
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.identityListeners.delete(listener);
  }
}
