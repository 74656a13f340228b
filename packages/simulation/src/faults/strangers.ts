/** A process that is not in the cluster's configuration, or a second one under the id of one that is, with a folder and a database of its own. */
import { rmId } from '@mas/values';
import type { Fault } from './fault';

const UNKNOWN_RM = rmId(9);

export const strangers: Fault = {
  name: 'strangers',
  bites: ['strangers refused'],
  everyMs: [500, 2_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const { cluster, random } = site;
    const isUnknown = random.chance(0.5);
    const rm = isUnknown ? UNKNOWN_RM : site.pick(cluster.rmIds);
    const name = `stranger-rm-${rm}-${site.number()}`;
    const machine = cluster.machine(`sql-${name}`, 0);
    // A second one that is told to rejoin may be meant: who comes first takes the place of a lost disk.
    machine.rejoin = isUnknown && random.chance(0.5);
    site.note(`${name} is started${machine.rejoin ? ' with --rejoin' : ''}`);
    cluster.startGuest({ rm, name, machine, why: 'it is a stranger', onRefused: () => site.count('strangers refused') });
  },
};
