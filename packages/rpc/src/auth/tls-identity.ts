/** A process's TLS material: the cluster's CA, and its own certificate with its key. PEM. */
export interface TlsIdentity {
  readonly ca: Buffer;
  readonly certificate: Buffer;
  readonly key: Buffer;
}
