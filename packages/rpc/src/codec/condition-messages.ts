/** A process's word about itself. */
import { AILMENTS, WELL, type Ailment, type Condition } from '@mas/health';
import { wireEnum } from '../wire/wire-enum';
import type { WireReader } from '../wire/wire-reader';
import type { WireWriter } from '../wire/wire-writer';

const KINDS = wireEnum<Condition['kind']>({ well: 1, doubtful: 2, ailing: 3 });

export function writeCondition(writer: WireWriter, condition: Condition): void {
  writer.enumeration(1, KINDS, condition.kind);
  if (condition.kind !== 'well') writer.packedUints(2, condition.of.map(codeOf));
}

export function readCondition(reader: WireReader): Condition {
  const kind = reader.enumeration(1, KINDS);
  const codes = reader.packedUints(2);
  // One form for each: ascending, and something where something ails.
  if (codes.some((code, at) => code <= (codes[at - 1] ?? 0)) || (kind === 'well') !== (codes.length === 0)) return reader.fail('not a condition');
  // Of what only a newer version knows nobody can judge here; such a process gives its leaderships away by itself.
  const of = AILMENTS.filter((ailment) => codes.includes(codeOf(ailment)));
  return kind === 'well' || of.length === 0 ? WELL : { kind, of };
}

/** As in mas.v1.Ailment; 0 is unspecified. */
function codeOf(ailment: Ailment): number {
  return AILMENTS.indexOf(ailment) + 1;
}
