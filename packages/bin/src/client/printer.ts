/** Writes an answer and knows whether it arrived: at a terminal, in a pipe, in a file on a disk that may be full. */
import type { Writable } from 'node:stream';

export interface Lost {
  /** The system's: EPIPE, ENOSPC, EIO. */
  readonly code: string;
  /** All that was to be written. */
  readonly text: string;
}

export class Printer {
  private writes: Promise<string | null>[] = [];
  private text = '';

  constructor(private readonly stream: Writable) {}

  write(text: string): void {
    this.text += text;
    this.writes.push(
      new Promise((resolve) => {
        this.stream.write(text, (error) => resolve(error === null || error === undefined ? null : codeOf(error)));
      }),
    );
  }

  /** What has arrived is over. */
  forget(): void {
    this.writes = [];
    this.text = '';
  }

  /** Once everything was written or refused; null when all of it arrived. */
  async lost(): Promise<Lost | null> {
    const code = (await Promise.all(this.writes)).find((one) => one !== null);
    return code === undefined ? null : { code, text: this.text };
  }
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.message;
}
