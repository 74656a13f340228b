/** Time: the contract of a clock, one clock that a test moves, what a process sees of it, and the machine's own. */
export { systemClock } from '@mas/bin';
export { clockContract, type ClockUnderTest } from './clock-contract';
export { ProcessClock } from './process-clock';
export { VirtualClock } from './virtual-clock';
