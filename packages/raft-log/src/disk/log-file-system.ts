/**
 * Port: the few file operations that the log needs, so that a simulator can own the disk and a test can break it.
 * What is written is durable only after `sync`; a created, renamed or removed name only after `syncDirectory`.
 * Every method rejects when the operation failed; the log never tries the same write or sync again.
 */
export interface LogFileSystem {
  /** Creates it with its parents when missing. */
  makeDirectory(directory: string): Promise<void>;
  /** Plain names, in any order. */
  list(directory: string): Promise<readonly string[]>;
  /** For reading and writing; rejects when it does not exist. */
  open(path: string): Promise<LogFile>;
  /** For reading and writing, empty; replaces what has this name. */
  create(path: string): Promise<LogFile>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  syncDirectory(directory: string): Promise<void>;
}

export interface LogFile {
  /** The whole content. */
  readAll(): Promise<Buffer>;
  /** Writes bytes[0 … length) at `position`, all of it. The caller leaves `bytes` alone until it resolves. */
  write(bytes: Uint8Array, length: number, position: number): Promise<void>;
  /** The same, and these bytes are on stable storage when it resolves: a write and a `sync` in one. */
  writeDurably(bytes: Uint8Array, length: number, position: number): Promise<void>;
  /** Data, and the file's size when it changed, are on stable storage when it resolves (fdatasync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}
