/**
 * Reads that name no moment, against the books: with undecided money beside it an account is shown as it stood at one instant of the read; what is cached is
 * what stood at that rev. Through one coordinator, for as long as it lives, nothing that was read of an account goes back, and nothing is older than it says.
 */
import type { Findings, History, ReadHistory } from '@mas/auditor';
import type { AccountNumber } from '@mas/values';
import type { Version } from './books';

/** As docs/protocol.md promises of what is cached. */
const MAX_CACHED_AGE_MS = 60_000;
/** A read that has had its answer at the coordinator before it reaches the client. */
const UNDER_WAY_MS = 8_000;

type Books = ReadonlyMap<AccountNumber, readonly Version[]>;

export function auditViews(history: History, books: Books, findings: Findings): void {
  for (const read of history.reads) {
    if (read.level === 'uncommitted') auditUncommitted(read, books, findings);
    if (read.level === 'cached') auditCached(read, books, findings);
  }
  auditOrder(history, findings);
}

function auditUncommitted({ views, startMs, endMs }: ReadHistory, books: Books, findings: Findings): void {
  for (const { number, balanceMinor, holdsMinor, pendingCreditsMinor, status, rev } of views) {
    const versions = books.get(number) ?? [];
    const at = versions.findIndex((version) => version.rev === rev);
    const version = versions[at];
    const isSame =
      version?.balanceMinor === balanceMinor && version.holdsMinor === holdsMinor && version.pendingMinor === pendingCreditsMinor && version.status === status;
    findings.expect(
      isSame,
      'holds are explained by open promises',
      () =>
        `a read at ${startMs.toFixed(1)}–${endMs.toFixed(1)} shows ${number} at rev ${rev} with ${balanceMinor}, holds ${holdsMinor}, waiting for ${pendingCreditsMinor}; in the books ${version?.balanceMinor}, ${version?.holdsMinor}, ${version?.pendingMinor}`,
    );
    if (!isSame) continue;
    const untilMs = versions[at + 1]?.fromMs ?? Infinity;
    findings.expect(
      version.fromMs <= endMs && untilMs >= startMs,
      'no stale read',
      () =>
        `a read at ${startMs.toFixed(1)}–${endMs.toFixed(1)} with undecided money shows ${number} as it stood from ${version.fromMs.toFixed(1)} to ${untilMs.toFixed(1)}`,
    );
  }
}

function auditCached({ views, startMs, endMs }: ReadHistory, books: Books, findings: Findings): void {
  for (const { number, balanceMinor, momentUs, rev } of views) {
    // It came from its bucket, as of a moment: judged with all of these.
    if (momentUs !== null) continue;
    const versions = books.get(number) ?? [];
    const at = versions.findIndex((version) => version.rev === rev);
    const version = versions[at];
    findings.expect(
      version?.balanceMinor === balanceMinor,
      'what is cached was so',
      () => `a read at ${startMs.toFixed(1)}–${endMs.toFixed(1)} shows ${number} with ${balanceMinor} at rev ${rev}, in the books are ${version?.balanceMinor}`,
    );
    const untilMs = versions[at + 1]?.fromMs ?? Infinity;
    findings.expect(
      untilMs >= startMs - MAX_CACHED_AGE_MS - UNDER_WAY_MS,
      'what is cached is not too old',
      () => `a read at ${startMs.toFixed(1)} shows ${number} as it stood until ${untilMs.toFixed(1)}`,
    );
  }
}

/** Reads that began after another one had ended. */
function auditOrder({ reads }: History, findings: Findings): void {
  const shown = new Map<string, { readonly endMs: number; readonly rev: number }[]>();
  for (const { level, through, atUs, startMs, endMs, views } of [...reads].sort((a, b) => a.endMs - b.endMs)) {
    if (through === undefined || atUs !== undefined) continue;
    for (const { number, rev } of views) {
      const name = `${through} ${number}`;
      const earlier = shown.get(name) ?? [];
      shown.set(name, earlier);
      const highest = earlier.reduce((most, other) => (other.endMs <= startMs && other.rev > most ? other.rev : most), 0);
      findings.expect(
        rev >= highest,
        'through one coordinator nothing goes back',
        () =>
          `${through}: a read (${level}) at ${startMs.toFixed(1)}–${endMs.toFixed(1)} shows ${number} at rev ${rev}, an earlier one had shown rev ${highest}`,
      );
      // What was shown with undecided money beside it is remembered nowhere.
      if (level !== 'uncommitted') earlier.push({ endMs, rev });
    }
  }
}
