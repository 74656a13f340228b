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
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], right: readonly number[] = [], less: readonly string[] = [], width: number = terminalWidth()): string {
  const texts = rows.map((row) => row.map(shown));
  let columns = head.map((_, at) => at);
  const leftOut: string[] = [];
  for (const name of less) {
    if (tableWidth(columns, head, texts) <= width) break;
    columns = columns.filter((at) => head[at] !== name);
    leftOut.push(name);
  }
  const made = new Table({
    head: columns.map((at) => head[at] ?? ''),
    style: { head: pc.isColorSupported ? ['bold'] : [], border: pc.isColorSupported ? ['gray'] : [] },
    colAligns: columns.map((at) => (right.includes(at) ? 'right' : 'left')),
    ...wrapping(columns, head, texts, right, width),
  });
  made.push(...texts.map((row) => columns.map((at) => row[at] ?? '')));
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
  return [head[at] ?? '', ...texts.map((row) => row[at] ?? '')].flatMap((text) => stripVTControlCharacters(text).split('\n')).reduce((most, line) => Math.max(most, line.length), 0);
}

/** Narrows the widest texts first, figures never. */
function wrapping(columns: readonly number[], head: readonly string[], texts: readonly (readonly string[])[], right: readonly number[], width: number): Partial<Table.TableConstructorOptions> {
  const widths = columns.map((at) => columnWidth(at, head, texts));
  let over = tableWidth(columns, head, texts) - width;
  if (over <= 0) return {};
  const byWidth = columns.map((at, place) => ({ at, place })).filter(({ at }) => !right.includes(at)).sort((a, b) => (widths[b.place] ?? 0) - (widths[a.place] ?? 0));
  for (const { place } of byWidth) {
    const present = widths[place] ?? 0;
    const narrowed = Math.max(Math.min(present, MIN_WRAPPED_WIDTH), present - Math.max(0, over));
    widths[place] = narrowed;
    over -= present - narrowed;
  }
  return { colWidths: widths.map((one) => one + FRAME - 1), wordWrap: true, wrapOnWordBoundary: false };
}
