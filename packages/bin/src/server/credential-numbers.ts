/** The certificates and token keys in use, as metrics show them. */
import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { ProcessNumbers } from '@mas/metrics';
import { certificateEndMs, type CertificateFile } from '../platform/certificate-times';
import { tokenKeyFiles, type TokenSettings } from './process-files';

type CredentialNumbers = Pick<ProcessNumbers, 'certificates' | 'tokenKeys'>;

export function credentialNumbers(certificates: readonly CertificateFile[], settings: TokenSettings): CredentialNumbers {
  return {
    certificates: certificates.flatMap((file) => {
      const untilMs = certificateEndMs(file);
      return untilMs === null ? [] : [{ file: basename(file.path), untilMs }];
    }),
    tokenKeys: tokenKeyFiles(settings).map(({ keyId, path }, at) => ({ keyId, isSigning: at === 0, sinceMs: statSync(path).mtimeMs })),
  };
}
