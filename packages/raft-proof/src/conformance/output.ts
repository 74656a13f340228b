/** What a command prints. Under log level `none` it prints nothing; our core's own log lines are never recorded. */
const LEVELS = ['debug', 'info', 'warn', 'error', 'fatal', 'none'];

export class Output {
  private text = '';
  private level = 'debug';

  get isQuiet(): boolean {
    return this.level === 'none';
  }

  get logLevel(): string {
    return this.level;
  }

  setLevel(name: string): void {
    const level = name.toLowerCase();
    if (!LEVELS.includes(level)) throw new Error(`log levels must be either of [${LEVELS.join(' ').toUpperCase()}]`);
    this.level = level;
  }

  write(text: string): void {
    if (!this.isQuiet) this.text += text;
  }

  take(): string {
    const { text } = this;
    this.text = '';
    return text;
  }

  /** Everything that `body` prints moves two columns to the right. */
  indented(body: () => void): void {
    const before = this.take();
    try {
      body();
    } finally {
      const lines = this.take().replace(/\n$/, '').split('\n');
      const inner = lines.length === 1 && lines[0] === '' ? '' : lines.map((line) => `  ${line}\n`).join('');
      this.text = before + inner;
    }
  }
}
