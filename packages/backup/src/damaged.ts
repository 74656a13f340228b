/** What is wrong with a backup that is there: nothing is restored from it. */

const MAX_FINDINGS = 100;

export class BackupDamaged extends Error {
  readonly kind = 'backup-damaged';

  /** @param findings a sentence each, the files by name */
  constructor(
    readonly directory: string,
    readonly findings: readonly string[],
  ) {
    super(`${directory} is no backup to rely on:\n${shown(findings).join('\n')}`);
    this.name = 'BackupDamaged';
  }
}

function shown(findings: readonly string[]): readonly string[] {
  return findings.length <= MAX_FINDINGS ? findings : [...findings.slice(0, MAX_FINDINGS), `And ${findings.length - MAX_FINDINGS} more.`];
}
