/** Clocks that are right are off by a second at most, those that agree by half a second from each other; faults set none off by less than what is left. */
export const MAX_AHEAD_MS = 2_500;
