/**
 * The time that a certificate has left. An expired one lets nobody in and out: it is refused at a start, and said for a month before,
 * while the process runs, because connections that are open go on and nothing else would show it.
 */
import { X509Certificate } from 'node:crypto';
import { every, type Clock, type Logger, type Timer } from '@mas/values';

export interface CertificateFile {
  readonly path: string;
  readonly pem: Buffer;
  /** Each certificate in it is trusted by itself: it is of use as long as one of them is. Else they are one chain. */
  readonly isAuthorities?: boolean;
}

export const DAY_MS = 86_400_000;
export const WARN_BEFORE_MS = 30 * DAY_MS;
const LOOK_EVERY_MS = DAY_MS;
export const RENEW = 'renew it with "npm run certs" (docs/runbooks.md)';

/** Why it cannot be used now; null when it can. */
export function certificateProblem(file: CertificateFile, nowMs: number): string | null {
  const { path } = file;
  const times = timesOf(file);
  if (times === null) return `${path} is not a certificate in PEM form: make a new one with "npm run certs"`;
  if (nowMs >= times.untilMs) return `${path} has expired on ${new Date(times.untilMs).toISOString()}: ${RENEW}`;
  if (nowMs < times.fromMs) return `${path} is valid from ${new Date(times.fromMs).toISOString()} on, which is in the future: is this machine's clock right?`;
  return null;
}

/** Null: there is none in it. */
export function certificateEndMs(file: CertificateFile): number | null {
  return timesOf(file)?.untilMs ?? null;
}

/** Says once a day which certificates end within a month, or have ended. */
export class CertificateWatch {
  private timer: Timer | null = null;

  constructor(
    private readonly files: () => readonly CertificateFile[],
    private readonly clock: Clock,
    private readonly logger: Logger,
  ) {}

  start(): void {
    this.look();
    this.timer = every(this.clock, LOOK_EVERY_MS, () => this.look());
  }

  /** Says what is to be said of the present ones. */
  look(): void {
    for (const file of this.files()) {
      const { path } = file;
      const leftMs = (timesOf(file)?.untilMs ?? 0) - this.clock.wallMs();
      if (leftMs <= 0) this.logger.error({ file: path }, `a certificate has expired: nobody new can connect; ${RENEW}`);
      else if (leftMs < WARN_BEFORE_MS) this.logger.warn({ file: path, days: Math.floor(leftMs / DAY_MS) }, `a certificate expires soon; ${RENEW}`);
    }
  }

  stop(): void {
    this.timer?.cancel();
  }
}

function timesOf({ pem, isAuthorities = false }: CertificateFile): { readonly fromMs: number; readonly untilMs: number } | null {
  try {
    const times = pem
      .toString('latin1')
      .split(/(?=-----BEGIN CERTIFICATE-----)/)
      .filter((part) => part.startsWith('-----BEGIN'))
      .map((part) => new X509Certificate(part));
    if (times.length === 0) return null;
    const from = times.map(({ validFrom }) => Date.parse(validFrom));
    const until = times.map(({ validTo }) => Date.parse(validTo));
    return isAuthorities ? { fromMs: Math.min(...from), untilMs: Math.max(...until) } : { fromMs: Math.max(...from), untilMs: Math.min(...until) };
  } catch {
    return null;
  }
}
