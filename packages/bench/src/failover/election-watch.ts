/** What the Resource Managers say of leaders and of each other, in their logs, with the time at which they said it. */
import type { Cluster, LogLine, MasProcess } from '@mas/e2e';

interface Said {
  readonly by: string;
  /** Wall clock. */
  readonly atMs: number;
  readonly line: LogLine;
}

export interface Elections {
  /** In buckets that a struck Resource Manager led. */
  readonly struck: number;
  /** In all others: nothing was wrong with their leaders. */
  readonly others: number;
  /** From the strike until somebody else leads the bucket, and until somebody said that the leader is gone. */
  readonly newLeaderMs: number | null;
  readonly noticedMs: number | null;
  /** Said by and of those that were not struck: a peer is gone or silent, this process ails. */
  readonly falseAlarms: number;
  /** What was said, with milliseconds since the strike: where the time goes. */
  readonly story: readonly string[];
}

const LEADS = 'leads';
const LEFT = /^leads no longer$|^steps down|^leadership is handed over/;
/** Of a peer, and what a process says of itself. */
const GONE = /^peer process is (gone|silent)/;
const AILS = /^this process is (?!well)/;
const MAX_STORY_LINES = 60;

export class ElectionWatch {
  private readonly said: Said[] = [];

  constructor(cluster: Cluster) {
    for (const one of [...cluster.rms, ...cluster.tms]) one.onLine((line) => this.hear(one, line));
  }

  /** @param fromMs Date.now() at the strike. @param ledBefore which process led each bucket then */
  between(fromMs: number, untilMs: number, bucket: number, ledBefore: ReadonlyMap<number, string>, struck: ReadonlySet<string>): Elections {
    const within = this.said.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
    const elected = within.filter(({ line }) => line.msg === LEADS);
    const isStruck = ({ line }: Said): boolean => struck.has(ledBefore.get(Number(line['bucket'])) ?? '');
    const newLeader = elected.find(({ line, by }) => line['bucket'] === bucket && !struck.has(by));
    const alarms = within.filter(({ line }) => GONE.test(line.msg) || AILS.test(line.msg));
    const isOfStruck = ({ line, by }: Said): boolean => struck.has(AILS.test(line.msg) ? by : `rm${String(line['peer'])}`);
    const noticed = alarms.find((one) => isOfStruck(one) && (AILS.test(one.line.msg) || !struck.has(one.by)));
    return {
      struck: elected.filter(isStruck).length,
      others: elected.filter((one) => !isStruck(one)).length,
      newLeaderMs: newLeader === undefined ? null : newLeader.atMs - fromMs,
      noticedMs: noticed === undefined ? null : noticed.atMs - fromMs,
      falseAlarms: alarms.filter((one) => !struck.has(one.by) && !isOfStruck(one)).length,
      story: within.slice(0, MAX_STORY_LINES).map(({ by, atMs, line }) => `${(atMs - fromMs).toFixed(0)} ${by} ${storyOf(line)}`),
    };
  }

  private hear({ name }: MasProcess, line: LogLine): void {
    if (line.msg === LEADS || LEFT.test(line.msg) || GONE.test(line.msg) || AILS.test(line.msg) || line.level === 'warn')
      this.said.push({ by: name, atMs: Date.parse(String(line['time'])), line });
  }
}

/** The message and its facts, without what every line has. */
function storyOf(line: LogLine): string {
  const facts = Object.entries(line).filter(([name]) => !['level', 'time', 'msg', 'process', 'pid', 'hostname', 'err', 'rm', 'tc', 'id'].includes(name));
  return [line.msg, ...facts.map(([name, value]) => `${name}=${JSON.stringify(value)}`)].join(' ');
}
