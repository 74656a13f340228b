/** Where metrics and health are served. By default beside the process's own port, so that several processes of one machine do not meet. */
import { z } from 'zod';
import { hostPortAdvice, parseHostPort, type HostPort } from './host-port';

export type MetricsAddress = HostPort | 'auto' | 'none';

const ABOVE_LISTEN = 5;
const MAX_PORT = 65_535;

/** `host:port`, `port` (of localhost), `auto`, `none`. */
export const metricsAddress = (): z.ZodType<MetricsAddress> =>
  z.string().transform((value, context) => {
    if (value === 'auto' || value === 'none') return value;
    const parsed = parseHostPort(/^:?\d+$/.test(value) ? `localhost:${value.replace(':', '')}` : value);
    if (parsed !== null) return parsed;
    context.addIssue(`${hostPortAdvice(value)}; or auto, or none`);
    return z.NEVER;
  });

/** Null: nowhere. */
export function metricsAddressOf(chosen: MetricsAddress, { port }: HostPort): HostPort | null {
  if (chosen === 'none') return null;
  if (chosen !== 'auto') return chosen;
  // A process that takes any free port takes any for this, too.
  if (port === 0) return { host: 'localhost', port: 0 };
  return { host: 'localhost', port: port + ABOVE_LISTEN <= MAX_PORT ? port + ABOVE_LISTEN : port - ABOVE_LISTEN };
}
