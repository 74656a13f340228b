/** Who is well: what is learned of silence, a process's judgement of itself, and of its peers. Pure: time is passed in, in milliseconds of a monotonic clock. */
export { AILMENTS, describeVerdict, sameVerdict, WELL, type Ailment, type Condition, type PeerVerdict } from './condition';
export { HOLD_MS, MAX_HOLD_MS } from './complaint';
export { AGREEMENT_BOUND_MS, AgreedTime, type Reading } from './clock/agreed-time';
export { type ClockEcho, type ClockSignal } from './clock/peer-clock';
export { LearnedSilence, REMEMBERED_MS, type SilenceBounds } from './learned-silence';
export { LongestPause } from './longest-pause';
export type { Beat } from './own-pulse';
export { PeerLiveness, type LivenessEvents, type LivenessOptions } from './peer-liveness';
export { SelfJudge, type OwnSignals } from './self-judge';
