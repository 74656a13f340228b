/** What a server process shows and checks: its certificate, the authorities that it trusts, the keys of tokens. All of it may change while it runs. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProcessNumbers } from '@mas/metrics';
import type { LiveTls, TlsIdentity, TokenKeys } from '@mas/rpc';
import type { Clock, Logger } from '@mas/values';
import { certificateEndMs } from '../platform/certificate-times';
import { WatchedFiles, type Reloads } from '../platform/watched-files';
import { UsageError } from '../usage-error';
import { OwnCertificates } from './own-certificates';
import { readTokenKeys, tokenKeyFiles, tokenKeyPaths, type TokenSettings } from './process-files';

export interface CredentialsOptions {
  readonly settings: TokenSettings;
  /** `tm` or `rm-N`. */
  readonly name: string;
  readonly tls: TlsIdentity;
  readonly tokens: TokenKeys;
  readonly reloads: Reloads;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class Credentials {
  readonly tokens: { current: TokenKeys };
  private readonly certificates: OwnCertificates;
  private readonly keyWatch: WatchedFiles;
  /** Of the keys in use, by their ids: since when their files are as they are. */
  private keysSinceMs: ReadonlyMap<string, number>;

  constructor(private readonly options: CredentialsOptions) {
    const { settings, tokens } = options;
    this.tokens = { current: tokens };
    this.keysSinceMs = keyTimes(settings);
    this.certificates = new OwnCertificates({ ...options, folder: settings.certs });
    this.keyWatch = new WatchedFiles({ ...options, what: 'token keys', paths: () => tokenKeyPaths(settings), take: () => this.takeTokens() });
  }

  get tls(): LiveTls {
    return this.certificates.tls;
  }

  start(): void {
    this.certificates.start();
    this.keyWatch.start();
  }

  stop(): void {
    this.certificates.stop();
    this.keyWatch.stop();
  }

  /** When the first of the certificates in use ends; null: not known. */
  endsMs(): number | null {
    return this.certificates.endsMs();
  }

  numbers(): Pick<ProcessNumbers, 'certificates' | 'tokenKeys' | 'reloads'> {
    return {
      certificates: this.certificates.files().flatMap((file) => {
        const untilMs = certificateEndMs(file);
        return untilMs === null ? [] : [{ file: basename(file.path), untilMs }];
      }),
      tokenKeys: this.tokens.current.keys.flatMap(({ keyId }, at) => {
        const sinceMs = this.keysSinceMs.get(keyId);
        return sinceMs === undefined ? [] : [{ keyId, isSigning: at === 0, sinceMs }];
      }),
      reloads: this.options.reloads,
    };
  }

  private takeTokens(): boolean {
    const found = readTokenKeys(this.options.settings);
    const before = this.tokens.current;
    const isSame =
      found.keys.length === before.keys.length &&
      found.keys.every(({ keyId, verifyKey, signKey }, at) => {
        const known = before.keys[at];
        return known?.keyId === keyId && known.verifyKey.equals(verifyKey) && (known.signKey === null) === (signKey === null);
      });
    if (isSame) return false;
    if (before.keys[0].signKey !== null && found.keys[0].signKey === null)
      throw new UsageError('the first token key is a public one, and this process has signed tokens so far: name the key first that signs');
    this.tokens.current = found;
    this.keysSinceMs = keyTimes(this.options.settings);
    return true;
  }
}

/** Files that are gone meanwhile have none. */
function keyTimes(settings: TokenSettings): ReadonlyMap<string, number> {
  return new Map(
    tokenKeyFiles(settings).flatMap(({ keyId, path }) => {
      const file = statSync(path, { throwIfNoEntry: false });
      return file === undefined ? [] : [[keyId, file.mtimeMs] as const];
    }),
  );
}
