/** A write, a sync or a removal failed. Fatal for the process: what is on the disk is known again only after a restart. */
export class LogFailed extends Error {
  readonly kind = 'log-failed';

  constructor(directory: string, cause: unknown) {
    super(
      `the log in ${directory} cannot be written: ${cause instanceof Error ? cause.message : String(cause)}; this process stops, start it again once the disk is in order`,
      { cause },
    );
    this.name = 'LogFailed';
  }
}
