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
  /** "Gone or silent", said by and of those that were not struck. */
  readonly falseAlarms: number;
}

const LEADS = 'leads';
const GONE = /gone or silent|is silent|ailing/;

export class ElectionWatch {
  private readonly said: Said[] = [];

  constructor(cluster: Cluster) {
    for (const rm of cluster.rms) rm.onLine((line) => this.hear(rm, line));
  }

  /** @param fromMs Date.now() at the strike. @param ledBefore which process led each bucket then */
  between(fromMs: number, untilMs: number, bucket: number, ledBefore: ReadonlyMap<number, string>, struck: ReadonlySet<string>): Elections {
    const within = this.said.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);
    const elected = within.filter(({ line }) => line.msg === LEADS);
    const isStruck = ({ line }: Said): boolean => struck.has(ledBefore.get(Number(line['bucket'])) ?? '');
    const newLeader = elected.find(({ line, by }) => line['bucket'] === bucket && !struck.has(by));
    const alarms = within.filter(({ line }) => line.level === 'warn' && GONE.test(line.msg));
    const noticed = alarms.find(({ line, by }) => !struck.has(by) && struck.has(`rm${String(line['peer'])}`));
    return {
      struck: elected.filter(isStruck).length,
      others: elected.filter((one) => !isStruck(one)).length,
      newLeaderMs: newLeader === undefined ? null : newLeader.atMs - fromMs,
      noticedMs: noticed === undefined ? null : noticed.atMs - fromMs,
      falseAlarms: alarms.filter(({ line, by }) => !struck.has(by) && !struck.has(`rm${String(line['peer'])}`)).length,
    };
  }

  private hear(rm: MasProcess, line: LogLine): void {
    if (line.msg === LEADS || line.level === 'warn') this.said.push({ by: rm.name, atMs: Date.parse(String(line['time'])), line });
  }
}
