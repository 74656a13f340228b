/** The core's story of one group as structured log lines. Its warnings are ordinary life of a cluster, so they are informative here. */
import type { RaftLogger } from '@mas/raft';
import type { BucketId, Logger } from '@mas/values';

export function raftLoggerFor(logger: Logger, group: BucketId): RaftLogger {
  return {
    log(level, text) {
      // Debug text is not even built: it would be, per message, on the way of every proposal.
      if (level === 'debug') return;
      if (level === 'error') logger.error({ bucket: group }, text());
      else logger.debug({ bucket: group }, text());
    },
  };
}
