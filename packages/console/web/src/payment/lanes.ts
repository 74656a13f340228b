/** Steps of a payment, as spans on lanes: one of the coordinator, one of each bucket. A question that is asked again is another span. */
import type { StepView } from '../../../src/api/views';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
  readonly name: string;
  /** Prepare, decide, tell: colours; whatever else stands in a timeline is a mark. */
  readonly phase: 'prepare' | 'decide' | 'tell' | 'mark';
  readonly detail: string;
  /** Nothing answered it. */
  readonly isOpen: boolean;
}

export interface Lane {
  readonly name: string;
  readonly spans: readonly Span[];
}

export interface Lanes {
  readonly startMs: number;
  readonly lastedMs: number;
  readonly lanes: readonly Lane[];
}

type Phase = Exclude<Span['phase'], 'mark'>;

const SENT: Readonly<Record<string, Phase>> = { 'prepare-sent': 'prepare', 'decide-sent': 'decide', 'tell-sent': 'tell', 'settle-sent': 'decide' };
const ENDS: Readonly<Record<string, Phase>> = { prepared: 'prepare', 'prepare-failed': 'prepare', decided: 'decide', 'in-doubt': 'decide', told: 'tell' };
const COORDINATOR = 'coordinator';

interface Open {
  readonly step: StepView;
  readonly phase: Phase;
}

/** Where one question of this kind may have been asked of several accounts, the account tells them apart; a tell-sent without a bucket is one to all. */
function opens({ step, phase }: Open, ended: StepView, endedPhase: Phase): boolean {
  if (phase !== endedPhase) return false;
  if (step.bucket !== null && step.bucket !== ended.bucket) return false;
  return phase !== 'prepare' || step.detail === null || ended.detail === null || step.detail === ended.detail || ended.step !== 'prepared';
}

export function lanesOf(steps: readonly StepView[]): Lanes {
  const startMs = steps[0]?.atMs ?? 0;
  const endMs = Math.max(startMs, ...steps.map(({ atMs }) => atMs));
  const lanes = new Map<string, Span[]>([[COORDINATOR, []]]);
  const put = (bucket: number | null, span: Span): void => {
    const name = bucket === null ? COORDINATOR : `bucket ${bucket}`;
    lanes.set(name, [...(lanes.get(name) ?? []), span]);
  };
  let open: readonly Open[] = [];
  for (const step of steps) {
    const sent = SENT[step.step];
    const ended = ENDS[step.step];
    if (sent !== undefined) {
      // Asked again: what went before got no answer until now.
      const again = open.filter((one) => one.phase === sent && one.step.bucket === step.bucket && one.step.detail === step.detail);
      for (const one of again) put(one.step.bucket, spanOf(one, step.atMs, 'no answer', true));
      open = [...open.filter((one) => !again.includes(one)), { step, phase: sent }];
    } else if (ended !== undefined) {
      const asked = open.find((one) => opens(one, step, ended));
      const fromMs = asked?.step.atMs ?? step.atMs;
      put(step.bucket, { fromMs, toMs: step.atMs, name: step.step, phase: ended, detail: step.detail ?? '', isOpen: false });
      // One tell-sent to all stays open until all were told.
      if (asked !== undefined && asked.step.bucket !== null) open = open.filter((one) => one !== asked);
    } else put(step.bucket, { fromMs: step.atMs, toMs: step.atMs, name: step.step, phase: 'mark', detail: step.detail ?? '', isOpen: false });
  }
  for (const one of open) if (one.step.bucket !== null) put(one.step.bucket, spanOf(one, endMs, 'no answer', true));
  return { startMs, lastedMs: endMs - startMs, lanes: [...lanes].map(([name, spans]) => ({ name, spans })) };
}

function spanOf({ step, phase }: Open, toMs: number, name: string, isOpen: boolean): Span {
  return { fromMs: step.atMs, toMs, name: `${step.step}, ${name}`, phase, detail: step.detail ?? '', isOpen };
}
