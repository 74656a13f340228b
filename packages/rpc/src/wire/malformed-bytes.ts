/** Bytes that no encoder of ours wrote: damaged, forged, or from a version that says more than this one understands. */
export class MalformedBytes extends Error {
  readonly kind = 'malformed-bytes';

  constructor(
    what: string,
    readonly offset: number,
  ) {
    super(`malformed bytes at offset ${offset}: ${what}`);
    this.name = 'MalformedBytes';
  }
}
