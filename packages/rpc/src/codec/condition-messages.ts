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
  const of = AILMENTS.filter((ailment) => codes.includes(codeOf(ailment)));
  // One form for each: ascending, known, and something where something ails.
  if (of.length !== codes.length || of.some((ailment, at) => codeOf(ailment) !== codes[at]) || (kind === 'well') !== (of.length === 0))
    return reader.fail('not a condition');
  return kind === 'well' ? WELL : { kind, of };
}

/** As in mas.v1.Ailment; 0 is unspecified. */
function codeOf(ailment: Ailment): number {
  return AILMENTS.indexOf(ailment) + 1;
}
