/** Lines of several processes on one terminal: `HH:MM:SS name | text`, a colour per process where colours are wanted. */
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

const COLOURS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];
/** A line longer than this is broken, so that a process without newlines cannot fill the memory. */
const MAX_LINE_LENGTH = 64 * 1024;

export class PrefixedOutput {
  constructor(
    private readonly sink: Writable,
    private readonly nameWidth: number,
    private readonly colours: boolean,
    private readonly now: () => Date,
  ) {}

  /** Copies `stream` line by line until it ends; an unfinished last line is printed too. */
  attach(stream: Readable, name: string, ordinal: number): void {
    const decoder = new StringDecoder('utf8');
    let rest = '';
    stream.on('data', (chunk: Buffer) => {
      const lines = (rest + decoder.write(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) this.line(name, ordinal, line);
      if (rest.length > MAX_LINE_LENGTH) {
        this.line(name, ordinal, rest);
        rest = '';
      }
    });
    stream.on('end', () => {
      if (rest !== '') this.line(name, ordinal, rest);
    });
  }

  line(name: string, ordinal: number, text: string): void {
    const prefix = `${this.now().toTimeString().slice(0, 8)} ${name.padStart(this.nameWidth)} |`;
    const colour = COLOURS[ordinal % COLOURS.length] ?? 37;
    this.sink.write(this.colours ? `\u001b[${colour}m${prefix}\u001b[0m ${text}\n` : `${prefix} ${text}\n`);
  }
}
