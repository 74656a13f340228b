/**
 * Tables that fit the terminal: columns that matter least are left out first, and named below; then long texts are broken, never
 * cut. Where the output is no terminal, or with --wide (MAS_WIDE), everything is there.
 */
import { stripVTControlCharacters } from 'node:util';
import Table from 'cli-table3';
import pc from 'picocolors';
import { visible } from './visible';

/** Several texts stand below each other. */
export type Cell = string | readonly string[];

const MIN_WRAPPED_WIDTH = 12;
/** Of a column, beside its text: a space on both sides and the line before it. */
const FRAME = 3;
/** A state in its colour, as `coloured` makes it: our own, whatever was stored. */
const COLOURED_STATE = /^\u001b\[3[123]m[A-Za-z]+\u001b\[39m$/;

/** @param right columns of figures @param less names of columns that may be left out, the least important first @param width of the terminal */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  right: readonly number[] = [],
  less: readonly string[] = [],
  width: number = terminalWidth(),
): string {
  const texts = rows.map((row) => row.map(shown));
  let columns = head.map((_, at) => at);
  const leftOut: string[] = [];
  for (const name of less) {
    if (tableWidth(columns, head, texts) <= width) break;
    columns = columns.filter((at) => head[at] !== name);
    leftOut.push(name);
  }
  const widths = narrowed(columns, head, texts, right, width);
  const made = new Table({
    head: columns.map((at) => head[at] ?? ''),
    style: { head: pc.isColorSupported ? ['bold'] : [], border: pc.isColorSupported ? ['gray'] : [] },
    colAligns: columns.map((at) => (right.includes(at) ? 'right' : 'left')),
  });
  made.push(...texts.map((row) => columns.map((at) => broken(row[at] ?? '', widths.get(at)))));
  const hidden = head.filter((name) => leftOut.includes(name));
  return hidden.length === 0 ? made.toString() : `${made.toString()}\nnot shown: ${hidden.join(', ')} (--wide shows all)`;
}

function terminalWidth(): number {
  const { columns, isTTY } = process.stdout;
  return isTTY && columns > 0 && process.env['MAS_WIDE'] === undefined ? columns : Number.POSITIVE_INFINITY;
}

function shown(cell: Cell): string {
  if (typeof cell !== 'string') return cell.map(shown).join('\n');
  return COLOURED_STATE.test(cell) ? cell : visible(cell);
}

function tableWidth(columns: readonly number[], head: readonly string[], texts: readonly (readonly string[])[]): number {
  return columns.reduce((sum, at) => sum + columnWidth(at, head, texts) + FRAME, 1);
}

function columnWidth(at: number, head: readonly string[], texts: readonly (readonly string[])[]): number {
  return [head[at] ?? '', ...texts.map((row) => row[at] ?? '')]
    .flatMap((text) => stripVTControlCharacters(text).split('\n'))
    .reduce((most, line) => Math.max(most, line.length), 0);
}

/** Columns whose texts have to be broken, with their widths: the widest first, figures never. */
function narrowed(
  columns: readonly number[],
  head: readonly string[],
  texts: readonly (readonly string[])[],
  right: readonly number[],
  width: number,
): ReadonlyMap<number, number> {
  const widths = new Map<number, number>();
  let over = tableWidth(columns, head, texts) - width;
  const byWidth = columns.filter((at) => !right.includes(at)).map((at) => ({ at, present: columnWidth(at, head, texts) }));
  for (const { at, present } of byWidth.sort((a, b) => b.present - a.present)) {
    if (over <= 0 || present <= MIN_WRAPPED_WIDTH) break;
    const narrow = Math.max(MIN_WRAPPED_WIDTH, present - over);
    widths.set(at, narrow);
    over -= present - narrow;
  }
  return widths;
}

/** Between words where there are some, else anywhere: nothing is cut off. A coloured state is shorter than any column gets. */
function broken(text: string, width: number | undefined): string {
  if (width === undefined || COLOURED_STATE.test(text)) return text;
  return text
    .split('\n')
    .flatMap((line) => {
      const lines: string[] = [];
      let rest = line;
      while (rest.length > width) {
        const space = rest.lastIndexOf(' ', width);
        const at = space > width / 2 ? space : width;
        lines.push(rest.slice(0, at));
        rest = space === at ? rest.slice(at + 1) : rest.slice(at);
      }
      return [...lines, rest];
    })
    .join('\n');
}
