/** The console judges a cluster as `mas-client cluster health` does. */
import type { Judge } from '@mas/console';
import { stopLines, symptoms } from '../client/conditions';
import { verdictsOf } from '../client/verdicts';

export const judge: Judge = {
  verdicts: verdictsOf,
  symptoms,
  stops: ({ replicas }) => stopLines(replicas),
};
