/** How far a long command has come, beside its answer: a line on a terminal that is written anew, a JSON document a line with --json, nothing elsewhere. */
import type { WriteStream } from 'node:tty';
import { toJson } from './output';

const DEFAULT_COLUMNS = 80;
const CLEAR = '\r\u001b[K';

export class ProgressLine {
  private isShown = false;

  constructor(
    private readonly stream: Pick<WriteStream, 'write' | 'isTTY' | 'columns'>,
    private readonly json: boolean,
  ) {}

  show(value: unknown, people: () => string): void {
    if (this.json) this.stream.write(`${toJson({ progress: value })}\n`);
    else if (this.stream.isTTY) {
      this.isShown = true;
      this.stream.write(`${CLEAR}${people().slice(0, (this.stream.columns || DEFAULT_COLUMNS) - 1)}`);
    }
  }

  /** Before the answer, or what went wrong. */
  clear(): void {
    if (this.isShown) this.stream.write(CLEAR);
    this.isShown = false;
  }
}
