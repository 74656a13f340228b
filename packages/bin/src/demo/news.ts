/** Which lines of its processes `npm start` shows at once: that one has ended unasked, and what one waits for that takes no part. The rest is for the log. */
import { z } from 'zod';

const waiting = z.object({ msg: z.literal('not a member of a cluster yet'), waitingFor: z.string() });

export class News {
  private readonly said = new Map<string, string | null>();

  constructor(private readonly logFile: string) {}

  /** @returns what to show; null: nothing */
  of(name: string, line: string): string | null {
    if (line.startsWith('ended unexpectedly')) return `${name} ${line}; see ${this.logFile}`;
    const waitingFor = readWaiting(line);
    return waitingFor === null ? null : this.waits(name, waitingFor);
  }

  /** Said the second time and once: an ordinary start waits for a moment, and the processes repeat it every ten seconds. */
  private waits(name: string, waitingFor: string): string | null {
    const before = this.said.get(name);
    this.said.set(name, before === undefined ? null : waitingFor);
    return before === undefined || before === waitingFor ? null : `${name} is not a member of the cluster yet, it waits for ${waitingFor}`;
  }
}

function readWaiting(line: string): string | null {
  try {
    const parsed = waiting.safeParse(JSON.parse(line));
    return parsed.success ? parsed.data.waitingFor : null;
  } catch {
    return null;
  }
}
