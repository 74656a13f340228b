/** Callers that wait for a condition of their group; looked at after every turn, and told when the group ends. */
export class Waiters {
  private checks: (() => boolean)[] = [];

  /** Resolves with the first answer of `probe` that is not undefined. The probe must come to an answer once the replica is retired. */
  until<Answer>(probe: () => Answer | undefined): Promise<Answer> {
    const now = probe();
    if (now !== undefined) return Promise.resolve(now);
    return new Promise((resolve) => {
      this.checks.push(() => {
        const answer = probe();
        if (answer === undefined) return false;
        resolve(answer);
        return true;
      });
    });
  }

  check(): void {
    if (this.checks.length === 0) return;
    const checks = this.checks;
    this.checks = [];
    for (const check of checks) if (!check()) this.checks.push(check);
  }
}
