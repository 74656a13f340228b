/** mas-client backup create, verify; what they do is in backup-files.ts, which is loaded for that alone */
import type { Command } from 'commander';
import { guarded, withSession } from '../session';

export function addBackupCommands(program: Command): void {
  const backup = program.command('backup').description('backups of the ledger: all buckets at one moment, while it pays');
  backup
    .command('create')
    .description('write a backup into a new folder; takes as long as it takes, or --timeout')
    .requiredOption('--out <folder>', 'a folder that is not there yet')
    .action(withSession(program, async (session, options: { readonly out: string }) => (await import('./backup-files.js')).createBackup(session, options.out)));
  backup
    .command('verify')
    .description('prove a backup without a cluster: files, sums, journals, legs against decisions')
    .argument('<folder>', 'the backup')
    .action((folder: string) => guarded(program, async (output) => (await import('./backup-files.js')).proveBackup(output, folder)));
}
