/** A process's certificate, its key and the authorities that it trusts: what it shows and checks follows the files, and says when it is about to end. */
import { join } from 'node:path';
import { LiveTls, type TlsIdentity } from '@mas/rpc';
import type { Clock, Logger } from '@mas/values';
import { certificateEndMs, CertificateWatch, type CertificateFile } from '../platform/certificate-times';
import { WatchedFiles, type Reloads } from '../platform/watched-files';
import { UsageError } from '../usage-error';
import { identityProblem } from './identity-problem';
import { certificateFiles, readTlsIdentity } from './process-files';

export interface OwnCertificatesOptions {
  readonly folder: string;
  /** Of its files: `tm`, `rm-N`, `gateway`, `console`. */
  readonly name: string;
  /** As they were read at the start. */
  readonly tls: TlsIdentity;
  readonly reloads: Reloads;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class OwnCertificates {
  readonly tls: LiveTls;
  private readonly times: CertificateWatch;
  private readonly watch: WatchedFiles;

  constructor(private readonly options: OwnCertificatesOptions) {
    const { folder, name, clock, logger } = options;
    this.tls = new LiveTls(options.tls);
    this.times = new CertificateWatch(() => this.files(), clock, logger);
    const paths = (): readonly string[] => [...this.files().map(({ path }) => path), join(folder, `${name}.key`)];
    this.watch = new WatchedFiles({ ...options, what: 'certificates', paths, take: () => this.take() });
  }

  start(): void {
    this.times.start();
    this.watch.start();
  }

  stop(): void {
    this.times.stop();
    this.watch.stop();
  }

  /** As they are in use, without the key. */
  files(): readonly CertificateFile[] {
    return certificateFiles(this.options.folder, this.options.name, this.tls);
  }

  /** When the first of those in use ends; null: not known. */
  endsMs(): number | null {
    const ends = this.files().flatMap((file) => certificateEndMs(file) ?? []);
    return ends.length === 0 ? null : Math.min(...ends);
  }

  private take(): boolean {
    const { folder, name } = this.options;
    const found = readTlsIdentity(folder, name);
    const { tls } = this;
    if (found.ca.equals(tls.ca) && found.certificate.equals(tls.certificate) && found.key.equals(tls.key)) return false;
    const problem = identityProblem(found, tls);
    if (problem !== null) throw new UsageError(`${folder}: ${problem}`);
    tls.replace(found);
    this.times.look();
    return true;
  }
}
