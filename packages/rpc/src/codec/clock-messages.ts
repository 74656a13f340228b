/** What a process's clocks read: milliseconds, whole microseconds on the wire. */
import type { ClockEcho, ClockSignal } from '@mas/health';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

const US_PER_MS = 1_000;

export function writeClockSignal(writer: WireWriter, { wallMs, sentMs, echo, agreedMs }: ClockSignal): void {
  writer.uint(1, microseconds(wallMs));
  writer.uint(2, microseconds(sentMs));
  writer.optionalMessage(3, echo, writeEcho);
  writer.optionalUint(4, agreedMs === null ? null : microseconds(agreedMs));
}

export function readClockSignal(reader: WireReader): ClockSignal {
  return {
    wallMs: reader.uint(1) / US_PER_MS,
    sentMs: reader.uint(2) / US_PER_MS,
    echo: reader.optionalMessage(3, readEcho),
    agreedMs: milliseconds(reader.optionalUint(4)),
  };
}

function writeEcho(writer: WireWriter, { sentMs, heldMs }: ClockEcho): void {
  writer.uint(1, microseconds(sentMs));
  writer.uint(2, microseconds(heldMs));
}

function readEcho(reader: WireReader): ClockEcho {
  return { sentMs: reader.uint(1) / US_PER_MS, heldMs: reader.uint(2) / US_PER_MS };
}

/** A clock before the epoch reads zero: no one agrees with it. */
export function microseconds(ms: number): number {
  return Math.max(0, Math.round(ms * US_PER_MS));
}

export function milliseconds(us: number | null): number | null {
  return us === null ? null : us / US_PER_MS;
}
