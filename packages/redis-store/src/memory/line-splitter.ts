/** Lines of bytes that come in pieces. A line that is longer than anything we write is left out, and never held. */
const LINE_FEED = 0x0a;

export class LineSplitter {
  private parts: Buffer[] = [];
  private length = 0;

  constructor(
    private readonly maxBytes: number,
    private readonly onLine: (line: string) => void,
  ) {}

  /** Keeps nothing of `bytes` itself. */
  push(bytes: Buffer): void {
    let from = 0;
    for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, from)) {
      if (this.length === 0 && end - from <= this.maxBytes) {
        if (end > from) this.onLine(bytes.toString('utf8', from, end));
      } else {
        this.hold(bytes.subarray(from, end));
        this.end();
      }
      from = end + 1;
    }
    this.hold(bytes.subarray(from));
  }

  /** What has no line feed behind it is a line, too. */
  end(): void {
    const [first] = this.parts;
    if (first !== undefined && this.length <= this.maxBytes) this.onLine((this.parts.length === 1 ? first : Buffer.concat(this.parts)).toString('utf8'));
    this.parts = [];
    this.length = 0;
  }

  private hold(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.length += bytes.length;
    if (this.length > this.maxBytes) this.parts = [];
    else this.parts.push(Buffer.from(bytes));
  }
}
