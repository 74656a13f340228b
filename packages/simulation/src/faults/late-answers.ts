/**
 * What its followers send a leader takes longer and longer, without ever stopping; then nothing of the leader reaches them any more. They elect another one, while the leader of the past
 * goes on hearing what they said when they still followed it: the place for reads that an old answer confirms (etcd 20418).
 */
import type { Fault } from './fault';

/** Milliseconds of lag that a second adds; the answers thin out by as much, but none is missing. */
const LAG_PER_S = 600;
const MAX_LAG_MS = 3_500;
const GROWS_MS = 6_000;

export const lateAnswers: Fault = {
  name: 'late answers',
  bites: ['messages of followers behind'],
  everyMs: [300, 1_500],
  lastsMs: [8_000, 10_000],
  strike: (site) => {
    const { cluster } = site;
    const { network, world } = cluster;
    const leader = cluster.leaderOf(site.pick(cluster.buckets));
    if (leader === null) return undefined;
    const followers = cluster.rmIds.filter((rm) => rm !== leader).map((rm) => `rm-${rm}`);
    const self = `rm-${leader}`;
    site.note(`what ${followers.join()} send ${self} takes longer and longer`);
    for (const follower of followers) network.lags(follower, self, { sinceMs: world.time.nowMs(), perS: LAG_PER_S, maxMs: MAX_LAG_MS });
    let isOver = false;
    world.time.at(GROWS_MS, () => {
      if (isOver) return;
      site.note(`nothing of ${self} reaches ${followers.join()}`);
      for (const follower of followers) network.block(self, follower);
    });
    return () => {
      isOver = true;
      for (const follower of followers) {
        network.lags(follower, self, null);
        network.unblock(self, follower);
      }
    };
  },
};
