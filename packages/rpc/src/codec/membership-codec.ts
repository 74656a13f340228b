/** Questions and answers of MembershipService ↔ bytes. @throws MalformedBytes from the decoding side */
import type { FoundingStatement, Incarnation } from '@mas/membership';
import type { RejoinAnswer } from '@mas/resource-manager';
import { MAX_RM_ID, rmId, type RmId } from '@mas/values';
import { FoundRequest, FoundResponse, JoinRequest, RejoinRequest, RejoinResponse } from '../generated/mas/v1/membership_service';
import { MalformedBytes } from '../wire/malformed-bytes';
import { decodePlacementMap, encodePlacementMap } from './placement-messages';
import { readAdmission, readIncarnation, readStatement, writeAdmission, writeStatement } from './founding-messages';

export class MembershipCodec {
  encodeFound(statement: FoundingStatement, isQuestion: boolean): Buffer {
    return Buffer.from(FoundRequest.encode({ statement: writeStatement(statement), question: isQuestion }).finish());
  }

  decodeFound(bytes: Uint8Array): { readonly statement: FoundingStatement; readonly isQuestion: boolean } {
    const { statement, question } = FoundRequest.decode(bytes);
    return { statement: readStatement(statement), isQuestion: question };
  }

  encodeFoundAnswer(statement: FoundingStatement): Buffer {
    return Buffer.from(FoundResponse.encode({ statement: writeStatement(statement) }).finish());
  }

  decodeFoundAnswer(bytes: Uint8Array): FoundingStatement {
    return readStatement(FoundResponse.decode(bytes).statement);
  }

  encodeRejoin(rm: RmId, incarnation: Incarnation): Buffer {
    return Buffer.from(RejoinRequest.encode({ rm, incarnation }).finish());
  }

  decodeRejoin(bytes: Uint8Array): { readonly rm: RmId; readonly incarnation: Incarnation } {
    const { rm, incarnation } = RejoinRequest.decode(bytes);
    if (rm < 1 || rm > MAX_RM_ID) throw new MalformedBytes('a resource manager that is none', 0);
    return { rm: rmId(rm), incarnation: readIncarnation(incarnation) };
  }

  encodeJoin(rm: RmId, incarnation: Incarnation): Buffer {
    return Buffer.from(JoinRequest.encode({ rm, incarnation }).finish());
  }

  decodeJoin(bytes: Uint8Array): { readonly rm: RmId; readonly incarnation: Incarnation } {
    const { rm, incarnation } = JoinRequest.decode(bytes);
    if (rm < 1 || rm > MAX_RM_ID) throw new MalformedBytes('a resource manager that is none', 0);
    return { rm: rmId(rm), incarnation: readIncarnation(incarnation) };
  }

  encodeRejoinAnswer(answer: RejoinAnswer): Buffer {
    return Buffer.from(RejoinResponse.encode({ answer: messageOf(answer) }).finish());
  }

  /** Null: an answer of a later version. */
  decodeRejoinAnswer(bytes: Uint8Array): RejoinAnswer | null {
    const { answer } = RejoinResponse.decode(bytes);
    switch (answer?.$case) {
      case 'admission':
        return {
          kind: 'admitted',
          admission: readAdmission(answer.value),
          map: answer.value.placement.length === 0 ? null : decodePlacementMap(answer.value.placement),
        };
      case 'pending':
        return { kind: 'pending', message: answer.value.message };
      case 'refused':
        return { kind: 'refused', name: answer.value.name, message: answer.value.message };
      case undefined:
        return null;
      default:
        return answer satisfies never;
    }
  }
}

function messageOf(answer: RejoinAnswer): NonNullable<RejoinResponse['answer']> {
  switch (answer.kind) {
    case 'admitted':
      return {
        $case: 'admission',
        value: { ...writeAdmission(answer.admission), placement: answer.map === null ? Buffer.alloc(0) : Buffer.from(encodePlacementMap(answer.map)) },
      };
    case 'pending':
      return { $case: 'pending', value: { message: answer.message } };
    case 'refused':
      return { $case: 'refused', value: { name: answer.name, message: answer.message } };
    default:
      return answer satisfies never;
  }
}
