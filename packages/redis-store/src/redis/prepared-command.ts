/**
 * A Redis command whose bytes on the wire are made already. For commands with a field per payment: the client would join
 * thousands of arguments as strings and encode them once more, which costs more than all of Redis's own work on them.
 */
import { Command, type ChainableCommander, type Pipeline } from 'ioredis';

class PreparedCommand extends Command {
  /** @param key for whoever looks at the command; what is sent is `bytes`. */
  constructor(
    name: string,
    key: string,
    private readonly bytes: Buffer,
  ) {
    super(name, [key]);
  }

  override toWritable(): Buffer {
    return this.bytes;
  }
}

const FIRST_BYTES = 64 * 1024;
/** Around an argument: `$`, its length, and two line ends. */
const FRAMING_BYTES = 24;

/** Builds commands in Redis's own protocol: the number of arguments, then each with its length in front. */
export class CommandWriter {
  private buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private at = 0;
  private name = '';
  private key = '';

  /** @param count of the arguments that follow the key. */
  begin(name: string, key: string, count: number): void {
    this.name = name;
    this.key = key;
    this.at = 0;
    this.write(`*${count + 2}\r\n`, 'latin1', FRAMING_BYTES);
    this.argument(name);
    this.argument(key);
  }

  argument(value: string): void {
    const length = Buffer.byteLength(value);
    this.write(`$${length}\r\n${value}\r\n`, length === value.length ? 'latin1' : 'utf8', length + FRAMING_BYTES);
  }

  end(commands: ChainableCommander): void {
    const bytes = Buffer.from(this.buffer.subarray(0, this.at));
    // A ChainableCommander is a Pipeline; its type leaves out what is not a Redis command.
    (commands as unknown as Pipeline).sendCommand(new PreparedCommand(this.name, this.key, bytes));
  }

  private write(text: string, encoding: 'latin1' | 'utf8', atMostBytes: number): void {
    if (this.at + atMostBytes > this.buffer.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.at + atMostBytes, 2 * this.buffer.length));
      this.buffer.copy(grown, 0, 0, this.at);
      this.buffer = grown;
    }
    this.at += this.buffer.write(text, this.at, encoding);
  }
}
