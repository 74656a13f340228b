/** What programs of floor 4 and tests take from here: the clock of the real machine. */
export { systemClock } from './platform/system-clock';
