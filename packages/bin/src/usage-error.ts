/** What the person at the keyboard can mend: printed as one line, exit code 2. */
export class UsageError extends Error {
  readonly kind = 'usage-error';

  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
