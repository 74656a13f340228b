/** mas-client lock acquire|release|refresh|get|list|break */
import type { LockList, LockReport } from '@mas/global-lock';
import type { Command } from 'commander';
import { oneOf, readWhole } from '../arguments';
import { table } from '../output';
import { withSession } from '../session';
import { watchable, watched, type WatchOption } from '../watch';

const MAX_MS = 3_600_000;

export function addLockCommands(program: Command): void {
  const lock = program.command('lock').description('locks on accounts or other ids, several at once, all or none');
  lock
    .command('acquire')
    .description('take locks, all of them or none')
    .argument('<id...>', 'what is locked: account numbers, or any other ids')
    .option('--mode <mode>', 'exclusive or shared', 'exclusive')
    .option('--attempts <n>', 'how often it is tried', '10')
    .option('--delay <ms>', 'between two tries', '1000')
    .option('--lock-timeout <ms>', 'how long it holds without a refresh', '5000')
    .option('--handle <handle>', 'your handle of an earlier call')
    .action(
      withSession(
        program,
        async (
          { client, output },
          ids: string[],
          options: { readonly mode: string; readonly attempts: string; readonly delay: string; readonly lockTimeout: string; readonly handle?: string },
        ) => {
          const acquired = await client.acquireLock({
            lockIds: ids,
            mode: oneOf('--mode', options.mode, ['exclusive', 'shared']),
            attempts: readWhole('--attempts', options.attempts, 1, 1000),
            attemptDelayMs: readWhole('--delay', options.delay, 1, MAX_MS),
            timeoutMs: readWhole('--lock-timeout', options.lockTimeout, 1, MAX_MS),
            ...(options.handle === undefined ? {} : { handle: options.handle }),
          });
          output.print(
            acquired,
            () =>
              `OK for ${acquired.timeoutMs} ms, handle ${acquired.handle}\n${table(
                ['lock', 'token'],
                acquired.locks.map((one) => [one.lockId, one.token === null ? '' : String(one.token)]),
              )}`,
          );
        },
      ),
    );
  lock
    .command('release')
    .description('give locks back')
    .argument('<id...>', 'what is locked: account numbers, or any other ids')
    .requiredOption('--handle <handle>', 'the handle that acquire printed')
    .action(
      withSession(program, async ({ client, output }, ids: string[], options: { readonly handle: string }) => {
        await client.releaseLock(ids, options.handle);
        output.print({ released: ids }, () => `OK, released ${ids.join(', ')}`);
      }),
    );
  lock
    .command('refresh')
    .description('hold locks for longer')
    .argument('<id...>', 'what is locked: account numbers, or any other ids')
    .requiredOption('--handle <handle>', 'the handle that acquire printed')
    .option('--lock-timeout <ms>', 'how long it holds from now', '5000')
    .action(
      withSession(program, async ({ client, output }, ids: string[], options: { readonly handle: string; readonly lockTimeout: string }) => {
        const refreshed = await client.refreshLock(ids, options.handle, readWhole('--lock-timeout', options.lockTimeout, 1, MAX_MS));
        output.print(refreshed, () => `OK for ${refreshed.timeoutMs} ms`);
      }),
    );
  lock
    .command('get')
    .description('who holds it, how many wait, and who last broke it')
    .argument('<id>', 'what is locked')
    .action(
      withSession(program, async ({ client, output }, id: string) => {
        const report = await client.getLock(id);
        output.print(report, () => described(report));
      }),
    );
  watchable(lock.command('list').description('the locks that are held (operators)')).action(
    withSession(program, async (session, options: WatchOption) =>
      watched(session, options, async () => {
        const list = await session.client.listLocks();
        session.output.print(list, () => listed(list));
      }),
    ),
  );
  lock
    .command('break')
    .description('ends a lock whose holder does not (operators; who did it, and when, is recorded)')
    .argument('<id>', 'what is locked')
    .action(
      withSession(program, async ({ client, output }, id: string) => {
        const was = await client.breakLock(id);
        output.print({ broken: was }, () => `OK, broken: ${described(was)}`);
      }),
    );
}

function listed({ locks, more, silent }: LockList): string {
  const rows = locks.flatMap(({ lockId, mode, holders }) =>
    holders.map(({ heldBy, token, remainingMs }) => [lockId, mode ?? '', heldBy, token === null ? '' : String(token), `${remainingMs} ms`]),
  );
  return [
    locks.length === 0 ? 'no lock is held' : table(['lock', 'mode', 'held by', 'token', 'for'], rows, [3, 4]),
    ...(more === 0 ? [] : [`and ${more} more`]),
    ...(silent.length === 0 ? [] : [`not answering: bucket ${silent.join(', ')}; what is held there is not in the list`]),
  ].join('\n');
}

/** One line for each holder. */
function described({ lockId, mode, holders, waiting, lastBreak }: LockReport): string {
  const held = holders.map(({ heldBy, token, remainingMs }) => {
    const by = heldBy === '' ? (token === null ? 'a call that is under way' : 'somebody') : heldBy;
    return `${lockId} is held ${mode ?? ''} by ${by}, ${token === null ? '' : `token ${token}, `}for ${remainingMs} ms more`;
  });
  const more = [
    ...(waiting === null ? [] : waiting === 0 ? [] : [`${waiting} waiting for it`]),
    ...(lastBreak === null ? [] : [`last broken by ${lastBreak.by} at ${new Date(lastBreak.atMs).toISOString()} (up to token ${lastBreak.upToToken})`]),
  ];
  return [...(held.length === 0 ? [`${lockId} is free`] : held), ...more].join('\n');
}
