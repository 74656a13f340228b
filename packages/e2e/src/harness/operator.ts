/**
 * An operator at a terminal: mas-client, and what docs/runbooks.md says of a lost disk. He believes what processes and commands
 * print, and their exit codes.
 */
import { join } from 'node:path';
import { waitUntil } from '@mas/test-servers';
import { masClient, type Ran } from './command';
import type { Cluster } from './cluster';
import type { MasProcess } from './mas-process';

/** Which of the two steps of the way back is done first. */
export type WayBack = 'word first' | 'process first';

const LONG_MS = 240_000;
const ASK_EVERY_MS = 250;
const REFUSED = 2;

export class Operator {
  constructor(private readonly cluster: Cluster) {}

  run(...args: readonly string[]): Promise<Ran> {
    const { cluster } = this;
    return masClient(args, { MAS_TC: cluster.addresses().join(','), MAS_CERT: join(cluster.certs(), 'ca.crt'), MAS_TOKEN: cluster.operatorToken() });
  }

  /** @returns the one line with which it ends, by itself, with exit code 2 */
  async endsRefused(rm: MasProcess): Promise<string> {
    await waitUntil(`${rm.name} ends`, () => !rm.running(), { timeoutMs: LONG_MS, diagnostics: () => rm.logTail() });
    const [line, ...more] = rm.complaints();
    if (rm.exitStatus()?.code !== REFUSED || line === undefined || more.length > 0)
      throw new Error(`${rm.name} was to end with ${REFUSED} and one line: ${JSON.stringify(rm.exitStatus())}\n${rm.complaints().join('\n')}`);
    // Before it is ready the line stands on stderr, behind the program's name.
    return line.replace(/^mas: /, '');
  }

  /** Says the word once. */
  allows(rm: MasProcess): Promise<Ran> {
    return this.run('cluster', 'replace-node', numberOf(rm));
  }

  /** Until it is taken, which needs a majority of the meta group. */
  async allow(rm: MasProcess): Promise<void> {
    let last: Ran | null = null;
    await waitUntil(`${rm.name} may be replaced`, async () => (last = await this.allows(rm)).code === 0, {
      timeoutMs: LONG_MS,
      intervalMs: ASK_EVERY_MS,
      diagnostics: () => `${JSON.stringify(last)}\n${this.cluster.diagnostics()}`,
    });
  }

  /** It waits for the word. */
  async startsAgain(rm: MasProcess): Promise<void> {
    rm.start({ MAS_REJOIN: 'true' });
    await this.hears(rm, 'not a member of a cluster yet');
  }

  /** Resolves once it serves; its buckets may be being filled. */
  async rejoin(rm: MasProcess, way: WayBack): Promise<void> {
    if (way === 'process first') await this.startsAgain(rm);
    await this.allow(rm);
    if (way === 'word first') rm.start({ MAS_REJOIN: 'true' });
    await rm.ready();
  }

  /** In its log, since its last start. */
  async hears(one: MasProcess, words: string): Promise<void> {
    await waitUntil(`${one.name} says "${words}"`, () => one.lines().some(({ msg }) => msg.includes(words)), {
      timeoutMs: LONG_MS,
      diagnostics: () => one.logTail(),
    });
  }

  /** "Over when mas-client cluster health exits with 0." */
  async isHealthy(): Promise<void> {
    let last: Ran | null = null;
    await waitUntil('cluster health exits with 0', async () => (last = await this.run('cluster', 'health')).code === 0, {
      timeoutMs: LONG_MS,
      intervalMs: ASK_EVERY_MS,
      diagnostics: () => `${JSON.stringify(last)}\n${this.cluster.diagnostics()}`,
    });
  }
}

function numberOf(rm: MasProcess): string {
  return rm.name.replace(/^rm/, '');
}
