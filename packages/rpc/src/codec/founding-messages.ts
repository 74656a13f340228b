/** Statements of founding and admissions ↔ messages. What a peer may have forged is checked here: it becomes MalformedBytes, never an invariant. */
import {
  clusterId,
  incarnation,
  isHexId,
  MAX_ORDINAL,
  MemberTable,
  ordinal,
  type Admission,
  type ClusterSettings,
  type Founder,
  type Founding,
  type FoundingState,
  type FoundingStatement,
} from '@mas/membership';
import { rmId, type RmId } from '@mas/values';
import * as proto from '../generated/mas/v1/membership_service';
import { MalformedBytes } from '../wire/malformed-bytes';

const MAX_RMS = 0xffff;
const MAX_POLICY_LENGTH = 1024;

export function writeStatement({ self, first, settings, state }: FoundingStatement): proto.FoundingStatement {
  return {
    self: writeFounder(self),
    first: [...first],
    settings: writeSettings(settings),
    stage: STAGES[state.kind],
    ...(state.kind === 'alone' ? {} : { founding: writeFounding(state.founding) }),
  };
}

/** @throws MalformedBytes */
export function readStatement(message: proto.FoundingStatement | undefined): FoundingStatement {
  if (message?.self === undefined || message.settings === undefined) throw new MalformedBytes('a statement of founding without its parts', 0);
  return { self: readFounder(message.self), first: message.first.map(readRm), settings: readSettings(message.settings), state: readState(message) };
}

export function writeAdmission({ clusterId: id, ordinal: admitted, settings, members }: Admission): proto.Admission {
  return {
    clusterId: id,
    ordinal: admitted,
    settings: writeSettings(settings),
    version: BigInt(members.version),
    members: [...members.members()],
    placement: Buffer.alloc(0),
  };
}

/** @throws MalformedBytes */
export function readAdmission(message: proto.Admission): Admission {
  const { settings, version } = message;
  if (settings === undefined || version > BigInt(Number.MAX_SAFE_INTEGER)) throw new MalformedBytes('an admission without its parts', 0);
  const members = message.members.map((member) => ({
    rm: readRm(member.rm),
    incarnation: readIncarnation(member.incarnation),
    ordinal: readOrdinal(member.ordinal),
  }));
  if (new Set(members.map(({ rm }) => rm)).size !== members.length) throw new MalformedBytes('a table of members that names one twice', 0);
  return {
    clusterId: readClusterId(message.clusterId),
    ordinal: readOrdinal(message.ordinal),
    settings: readSettings(settings),
    members: new MemberTable(Number(version), members),
  };
}

/** @throws MalformedBytes */
export function readIncarnation(text: string): Founder['incarnation'] {
  if (!isHexId(text)) throw new MalformedBytes('an incarnation that is none', 0);
  return incarnation(text);
}

const STAGES: Readonly<Record<FoundingState['kind'], proto.FoundingStage>> = {
  alone: proto.FoundingStage.FOUNDING_STAGE_ALONE,
  agreed: proto.FoundingStage.FOUNDING_STAGE_AGREED,
  member: proto.FoundingStage.FOUNDING_STAGE_MEMBER,
};

function readState({ stage, founding }: proto.FoundingStatement): FoundingState {
  if (stage === proto.FoundingStage.FOUNDING_STAGE_ALONE) return { kind: 'alone' };
  if (founding?.settings === undefined) throw new MalformedBytes('a stage of founding without the founding', 0);
  const read: Founding = {
    clusterId: readClusterId(founding.clusterId),
    founders: founding.founders.map(readFounder),
    settings: readSettings(founding.settings),
  };
  if (stage === proto.FoundingStage.FOUNDING_STAGE_AGREED) return { kind: 'agreed', founding: read };
  if (stage === proto.FoundingStage.FOUNDING_STAGE_MEMBER) return { kind: 'member', founding: read };
  throw new MalformedBytes('a stage of founding that does not exist', 0);
}

function writeFounding(founding: Founding): proto.Founding {
  return { clusterId: founding.clusterId, founders: founding.founders.map(writeFounder), settings: writeSettings(founding.settings) };
}

function writeFounder({ rm, incarnation: id, isExisting }: Founder): proto.Founder {
  return { rm, incarnation: id, existing: isExisting };
}

function readFounder({ rm, incarnation: id, existing }: proto.Founder): Founder {
  return { rm: readRm(rm), incarnation: readIncarnation(id), isExisting: existing };
}

function writeSettings({ restoredFrom = '', ...settings }: ClusterSettings): proto.ClusterSettings {
  return { ...settings, restoredFrom };
}

function readSettings({ buckets, replicas, policy, semanticsVersion, restoredFrom }: proto.ClusterSettings): ClusterSettings {
  if (policy.length > MAX_POLICY_LENGTH) throw new MalformedBytes('a policy that is too long', 0);
  if (restoredFrom !== '' && !isHexId(restoredFrom)) throw new MalformedBytes('the id of a backup that is none', 0);
  return { buckets, replicas, policy, semanticsVersion, ...(restoredFrom === '' ? {} : { restoredFrom }) };
}

function readRm(rm: number): RmId {
  if (rm < 1 || rm > MAX_RMS) throw new MalformedBytes('a resource manager that is none', 0);
  return rmId(rm);
}

function readClusterId(text: string): Founding['clusterId'] {
  if (!isHexId(text)) throw new MalformedBytes('a cluster id that is none', 0);
  return clusterId(text);
}

function readOrdinal(value: number): Admission['ordinal'] {
  if (value > MAX_ORDINAL) throw new MalformedBytes('an ordinal that is none', 0);
  return ordinal(value);
}
