/** Lists that come in pages: one, from a cursor on, or with --all every one of them in one answer. */
import type { Command } from 'commander';
import { UsageError } from '../usage-error';

export interface PageOptions {
  readonly limit: string;
  readonly cursor?: string;
  readonly all?: true;
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  readonly nextCursor: string | null;
}

/** All of a list are kept until the last one is read. */
const MAX_ROWS = 200_000;

export function inPages(command: Command, what: string, perPage: string): Command {
  return command
    .option('--limit <n>', `${what} per page`, perPage)
    .option('--cursor <cursor>', 'continue after an earlier page')
    .option('--all', 'every page, in one answer');
}

export async function readPages<Row>({ cursor, all }: PageOptions, read: (pageToken: string | undefined) => Promise<Page<Row>>): Promise<Page<Row>> {
  const rows: Row[] = [];
  for (let next = cursor; ; ) {
    const page = await read(next);
    rows.push(...page.rows);
    if (all !== true || page.nextCursor === null) return { rows, nextCursor: page.nextCursor };
    if (rows.length >= MAX_ROWS) throw new UsageError(`there are more than ${MAX_ROWS}: read them in parts, on from --cursor ${page.nextCursor}`);
    next = page.nextCursor;
  }
}

export function moreText(nextCursor: string | null): string {
  return nextCursor === null ? '' : `\nmore: --cursor ${nextCursor}`;
}
