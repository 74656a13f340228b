/** What `mas tc` can be told. Apart from the process, so that `mas --help` and `mas health` load nothing heavy. */
import { z } from 'zod';
import { commonSettings } from '../config/common-settings';
import { integer, listenAddress, oneOf, setting, text } from '../config/setting';

export const transactionManagerSettings = {
  id: setting('id', '<name>', 'name of this coordinator, unique in the cluster and kept over restarts', 'tc-1', text(), 'MAS_TC_ID'),
  listen: setting('listen', '<host:port>', 'where clients connect', 'localhost:9008', listenAddress()),
  redis: setting('redis', '<url>', 'embedded, or redis://host:port; with a password only in the variable', 'embedded', text()),
  redisPasswordFile: setting('redis-password-file', '<file>', 'file with the password for Redis, instead of one in MAS_REDIS', '', z.string()),
  accountLock: setting('account-lock', '<mode>', 'shared: payments commute; exclusive: one writer per account', 'shared', oneOf(['shared', 'exclusive'])),
  lockAttempts: setting('lock-attempts', '<n>', 'how often a payment tries to pass an exclusive lock', '10', integer(1, 1000)),
  lockAttemptDelayMs: setting('lock-attempt-delay-ms', '<ms>', 'between two attempts', '1000', integer(1, 60_000)),
  lockTimeoutMs: setting('lock-timeout-ms', '<ms>', 'how long a lock holds without a refresh', '5000', integer(100, 3_600_000)),
  redisSilenceMs: setting('redis-silence-ms', '<ms>', 'payments go on without a Redis that is silent for so long', '20', integer(1, 5000)),
  keepEnded: setting('keep-ended', '<n>', 'entries of ended payments in Redis or its stand-in, of all coordinators', '100000', integer(100, 10_000_000)),
  keepEndedMs: setting('keep-ended-ms', '<ms>', 'how long such an entry is kept', '86400000', integer(60_000, 2_678_400_000)),
  ratePerSecond: setting('rate', '<n>', 'requests per second and subject (payments count singly)', '100000', integer(1, 10_000_000)),
  messageMemoryMib: setting('message-memory-mib', '<MiB>', 'what the messages of all calls may hold; of one connection, a quarter', '128', integer(32, 65_536)),
  ...commonSettings,
} as const;
