/**
 * Can the model fail? Each mutation breaks one rule in a copy of the sources; the adversary must then find a history
 * that goes wrong. A mutation that survives means that the rule is not guarded.
 */
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { invariant, SeededRandom } from '@mas/values';
import type * as ModelModule from './testing/model';

interface Mutation {
  readonly rule: string;
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** `from` occurs exactly once in its file, so that a mutation cannot silently stop applying. */
const MUTATIONS: readonly Mutation[] = [
  { rule: 'a late prepare after a rollback is refused', file: 'phases.ts', from: 'if (existing !== undefined) return legStands(existing);', to: "if (existing !== undefined && existing.state !== 'aborted') return legStands(existing);" },
  { rule: 'a rollback before its prepare leaves a tombstone', file: 'phases.ts', from: '  a.putLeg(leg);\n  a.state.rev += 1;\n  return leg;', to: '  a.state.rev += 1;\n  return leg;' },
  { rule: 'phase 2 without a prepare is refused', file: 'phases.ts', from: "if (leg === undefined) return alarm('COMMIT_WITHOUT_PREPARE', txn, account);", to: "if (leg === undefined) return { kind: 'done' };" },
  { rule: 'a leg in another bucket must have been prepared', file: 'decide.ts', from: 'if (a.isLocal(account) || remotePrepared.includes(account)) continue;', to: 'if (a.isLocal(account) || remotePrepared.length < 99) continue;' },
  { rule: 'an abort gives the hold of a debit back', file: 'leg-changes.ts', from: "      return { account: changed(account, 0n, -amountMinor, 0n), leg: endedLeg, reference };\n    case 'credit':", to: "      return { account: changed(account, 0n, 0n, 0n), leg: endedLeg, reference };\n    case 'credit':" },
  { rule: 'an abort gives the pending credit back', file: 'leg-changes.ts', from: 'return { account: changed(account, 0n, 0n, -amountMinor), leg: endedLeg, reference };', to: 'return { account: changed(account, 0n, 0n, 0n), leg: endedLeg, reference };' },
  { rule: 'an aborted capture gives the reservation back', file: 'leg-changes.ts', from: "leg, reference: reserved(reference, { status: 'open', consumedBy: null }) };", to: 'leg, reference };' },
  { rule: 'a key is decided once', file: 'decide.ts', from: 'if (outcome === undefined) return null;', to: "if (outcome === undefined || outcome.decision.kind === 'aborted') return null;" },
  { rule: 'a decided key is not applied again', file: 'decide.ts', from: 'return recorded(a, instruction) ?? recordAbort(a, instruction, ABANDONED);', to: 'return recordAbort(a, instruction, ABANDONED);' },
  { rule: 'a key belongs to one txn', file: 'decide.ts', from: "return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : { kind: 'conflict', bound: outcome };", to: "return outcome.txn === txn ? { kind: 'decided', outcome, fresh: false } : null;" },
  { rule: 'a prepare is done once', file: 'phases.ts', from: 'if (existing !== undefined) return legStands(existing);', to: "if (existing !== undefined && existing.state !== 'prepared') return legStands(existing);" },
  { rule: 'the minimum balance is kept', file: 'checks.ts', from: 'const availableMinor = account.balanceMinor - account.holdsMinor - account.minimumMinor;', to: 'const availableMinor = account.balanceMinor - account.holdsMinor;' },
  { rule: 'held money is not spent again', file: 'checks.ts', from: 'const availableMinor = account.balanceMinor - account.holdsMinor - account.minimumMinor;', to: 'const availableMinor = account.balanceMinor - account.minimumMinor;' },
  { rule: 'a commit is applied once', file: 'phases.ts', from: "if (leg.state === 'committed') return legStands(leg);\n  const change", to: "if (leg.state === 'committed') return { kind: 'leg-ended', leg: commitPrepared(a, { ...leg, state: 'prepared' }).leg, balanceRev: null };\n  const change" },
  { rule: 'what was prepared at home is consumed, not applied anew', file: 'decide.ts', from: "plans.push(leg.state === 'prepared' ? { kind: 'consume', leg } : { kind: 'already', leg });", to: "plans.push({ kind: 'already', leg });" },
  { rule: 'a refusal of one leg stops all', file: 'decide.ts', from: "if (verdict.kind === 'refused') return { kind: 'abort', reason: verdict.refusal };\n    if (verdict.kind === 'wait')", to: "if (verdict.kind === 'refused') continue;\n    if (verdict.kind === 'wait')" },
  { rule: 'an abort ends what is prepared at home', file: 'decide.ts', from: "else if (leg.state === 'prepared') abortPrepared(a, leg, reason);", to: '' },
  { rule: 'an authorization is captured once', file: 'leg-changes.ts', from: "return settled(changed(account, -amountMinor, -reservationOf(reference).reservedMinor, 0n), leg, consumed(reference, 'captured', leg.txn), stampMs);", to: "return settled(changed(account, -amountMinor, -amountMinor, 0n), leg, reserved(reference, { status: 'open' }), stampMs);" },
  { rule: 'a capture stays within its authorization', file: 'reference-checks.ts', from: 'if (spec.amountMinor <= reservation.reservedMinor) return null;', to: 'if (spec.amountMinor >= 0n) return null;' },
  { rule: 'an expired authorization is freed once', file: 'housekeeping.ts', from: "if (leg?.reservation?.status !== 'open' || a.stampMs < leg.reservation.expiresAtMs) return DONE;", to: 'if (!leg?.reservation || a.stampMs < leg.reservation.expiresAtMs) return DONE;' },
  { rule: 'refunds stay within their original', file: 'reference-checks.ts', from: 'if (spec.amountMinor <= leftMinor) return', to: 'if (spec.amountMinor <= original.spec.amountMinor) return' },
  { rule: 'an aborted refund gives its reservation back', file: 'leg-changes.ts', from: 'leg: endedLeg, reference: refunded(reference, 0n, -amountMinor) };', to: 'leg: endedLeg, reference };' },
  { rule: 'time does not go back', file: 'ledger.ts', from: 'if (entry.stampMs > this.state.stampMs) this.state.stampMs = entry.stampMs;', to: 'this.state.stampMs += 1;' },
  { rule: 'COMMIT and ROLLBACK announce the leg they build on', file: 'rows-touched.ts', from: 'if (pinned !== undefined && pinned.body !== null) addReference', to: 'if (pinned === null) addReference' },
  { rule: 'memory keeps step with the rows', file: 'pinned-index.ts', from: 'if (remove(this.prepared, leg)) this.preparedTotal -= 1;', to: '' },
];

const RUNS = 120;
const CHOICES_PER_RUN = 400;

let folder = '';

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'mas-ledger-mutant-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test('the sources as they are survive the adversary', () => {
  copySources();
  expect(firstFailure()).toBeNull();
});

test.each(MUTATIONS)('the adversary notices when broken: $rule', ({ file, from, to }) => {
  copySources();
  const target = path.join(folder, file);
  const source = fs.readFileSync(target, 'utf8');
  expect(source.split(from).length - 1).toBe(1);
  fs.writeFileSync(target, source.replace(from, () => to));
  expect(firstFailure()).not.toBeNull();
});

function copySources(): void {
  for (const name of ['', 'testing']) {
    fs.mkdirSync(path.join(folder, name), { recursive: true });
    for (const file of fs.readdirSync(path.join(__dirname, name))) {
      if (file.endsWith('.ts') && !file.endsWith('.test.ts')) fs.copyFileSync(path.join(__dirname, name, file), path.join(folder, name, file));
    }
  }
}

/** What the first failing history says, in the copy. */
function firstFailure(): string | null {
  let failure: string | null = null;
  jest.isolateModules(() => {
    const { Model } = jest.requireActual<typeof ModelModule>(path.join(folder, 'testing', 'model.ts'));
    for (let seed = 1; seed <= RUNS && failure === null; seed += 1) {
      const random = new SeededRandom(seed);
      const choices = Array.from({ length: CHOICES_PER_RUN }, () => random.below(0x8000_0000));
      try {
        new Model().play(choices);
      } catch (error) {
        invariant(error instanceof Error, 'what is thrown is an error');
        failure = error.message;
      }
    }
  });
  return failure;
}
