/** `host:port` as people write it: a name, an IPv4 address, or an IPv6 address in brackets. */
import { isIPv6 } from 'node:net';

const FORM = /^(\[[^\]\s]*\]|[^\s:,=[\]/@]+):(\d{1,5})$/;
const MAX_PORT = 65_535;

export interface HostPort {
  /** IPv6 addresses in their brackets, as in every URL. */
  readonly host: string;
  readonly port: number;
}

/** Null for anything else; port 0 is for listeners only. */
export function parseHostPort(text: string): HostPort | null {
  const match = FORM.exec(text);
  const [, host = '', digits = ''] = match ?? [];
  const port = Number(digits);
  if (match === null || port > MAX_PORT) return null;
  return host.startsWith('[') && !isIPv6(host.slice(1, -1)) ? null : { host, port };
}

/** What to say of one that is none. */
export function hostPortAdvice(text: string): string {
  return isIPv6(text.replace(/:\d{1,5}$/, '')) ? 'an IPv6 address stands in brackets, as in [::1]:9008' : 'expected host:port, as in localhost:9008';
}
