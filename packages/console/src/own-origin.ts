/**
 * No other site's page can change anything here: what is not a plain read has to come from the console's own pages. This stands beside the
 * cookie's SameSite=Strict, which does not tell one port of a host from another.
 */
import type { FastifyRequest } from 'fastify';
import { Refused } from './api/refused';

const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** @throws Refused */
export function requireOwnOrigin({ method, headers }: Pick<FastifyRequest, 'method' | 'headers'>): void {
  const site = headers['sec-fetch-site'];
  if (READS.has(method)) {
    // Nobody else's script or frame reads either; an address that is typed or followed has "none" or comes as a navigation.
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && headers['sec-fetch-mode'] !== 'navigate') throw foreign();
    return;
  }
  const { origin, host } = headers;
  if (host === undefined || origin !== `https://${host}`) throw foreign();
  if (site !== undefined && site !== 'same-origin') throw foreign();
}

function foreign(): Refused {
  return new Refused(403, 'FOREIGN_ORIGIN', 'This request did not come from a page of the console.');
}
