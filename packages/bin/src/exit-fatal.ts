/** Of a server process that found what must not be: a broken invariant, a damaged log, a failed disk. It stops rather than go on. */
export const EXIT_FATAL = 70;
