/** Elections where nothing is broken and the machine is as busy as it can be: each of them is a false one. */
import { spawn } from 'node:child_process';
import type { Bank } from './bank';
import type { ElectionWatch } from './election-watch';

export interface BusyRun {
  readonly minutes: number;
  readonly payments: number;
  readonly failed: number;
  readonly falseElections: number;
  readonly falseAlarms: number;
  readonly findings: readonly string[];
}

const [BATCH_SIZE, CALLERS] = [200, 4];
/** As many loops as the machine of the figures has cores. */
const BUSY_LOOPS = 2;
/** A fresh cluster's leaders find their places first. */
const SETTLE_MS = 10_000;
/** What could not be compared just after all that is asked again. */
const MOST_AUDITS = 3;

export async function watchBusy(bank: Bank, watch: ElectionWatch, minutes: number, onProgress: (fraction: number) => void): Promise<BusyRun> {
  const loops = Array.from({ length: BUSY_LOOPS }, () =>
    spawn(process.execPath, ['-e', `const until = Date.now() + ${Math.ceil(minutes + 5)} * 60000; while (Date.now() < until);`], { stdio: 'ignore' }),
  );
  const client = bank.cluster.client({ timeoutMs: 60_000 });
  const counts = { payments: 0, failed: 0 };
  try {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const [fromMs, untilMs] = [Date.now(), Date.now() + minutes * 60_000];
    const caller = async (): Promise<void> => {
      while (Date.now() < untilMs) {
        const payments = Array.from({ length: BATCH_SIZE }, () => bank.next());
        const replies = await client.createPayments(payments).catch(() => []);
        counts.payments += BATCH_SIZE;
        counts.failed += BATCH_SIZE - replies.filter((reply) => reply.ok && reply.value.kind === 'committed').length;
        onProgress(1 - (untilMs - Date.now()) / (minutes * 60_000));
      }
    };
    await Promise.all(Array.from({ length: CALLERS }, caller));
    const { others, falseAlarms } = watch.between(fromMs, Date.now(), 0, new Map(), new Set());
    for (const loop of loops) loop.kill('SIGKILL');
    await bank.auditor.settled();
    let audit = await bank.observer.audit({ isFull: true });
    for (let audits = 1; audit.incomplete.length > 0 && audits < MOST_AUDITS; audits += 1) audit = await bank.observer.audit({ isFull: true });
    const moved = audit.totals.some((total) => total.balancesMinor !== total.issuedMinor);
    const findings = [
      ...audit.checks.flatMap((check) => check.differences),
      ...audit.incomplete,
      ...(moved ? ['money was not conserved'] : []),
      ...bank.cluster.failures(),
    ];
    return { minutes, ...counts, falseElections: others, falseAlarms, findings };
  } finally {
    for (const loop of loops) loop.kill('SIGKILL');
  }
}
