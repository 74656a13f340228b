/** A gateway's certificate and the authorities that it trusts, while both may be replaced. */
import { join } from 'node:path';
import { LiveTls, type TlsIdentity } from '@mas/rpc';
import type { Clock, Logger } from '@mas/values';
import { CertificateWatch } from '../platform/certificate-times';
import { WatchedFiles } from '../platform/watched-files';
import { UsageError } from '../usage-error';
import { identityProblem } from './identity-problem';
import { certificateFiles, readTlsIdentity } from './process-files';

const NAME = 'gateway';

export class GatewayIdentity {
  readonly tls: LiveTls;
  private readonly times: CertificateWatch;
  private readonly files: WatchedFiles;

  /** @throws UsageError where a file is missing or has expired */
  constructor(
    private readonly folder: string,
    clock: Clock,
    logger: Logger,
  ) {
    this.tls = new LiveTls(readTlsIdentity(folder, NAME));
    this.times = new CertificateWatch(() => certificateFiles(folder, NAME, this.tls), clock, logger);
    const paths = [...certificateFiles(folder, NAME, this.tls).map(({ path }) => path), join(folder, `${NAME}.key`)];
    this.files = new WatchedFiles({ what: 'certificates', paths: () => paths, take: () => this.take(), reloads: { done: 0, refused: 0 }, clock, logger });
  }

  start(onChange: (tls: TlsIdentity) => void): void {
    this.tls.onChange(() => onChange(this.tls));
    this.times.start();
    this.files.start();
  }

  stop(): void {
    this.times.stop();
    this.files.stop();
  }

  private take(): boolean {
    const found = readTlsIdentity(this.folder, NAME);
    const { tls } = this;
    if (found.ca.equals(tls.ca) && found.certificate.equals(tls.certificate) && found.key.equals(tls.key)) return false;
    const problem = identityProblem(found, tls);
    if (problem !== null) throw new UsageError(`${this.folder}: ${problem}`);
    tls.replace(found);
    this.times.look();
    return true;
  }
}
