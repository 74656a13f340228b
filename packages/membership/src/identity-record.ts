/**
 * What a data folder knows of itself, and its form as text. It is made together with the folder, and every change is
 * durable before anybody hears of it.
 */
import { invariant, rmId } from '@mas/values';
import type { ClusterSettings, Founder, Founding, FoundingState } from './founding';
import { clusterId, FOUNDER, incarnation, ordinal, type ClusterId, type Incarnation, type MemberIdentity, type Ordinal } from './identity';
import { MemberTable } from './member-table';

export type IdentityState =
  | FoundingState
  /** A new folder in the place of a lost one: it waits until the cluster admits it. */
  | { readonly kind: 'rejoining' }
  /** A folder of a node that comes later (docs/adr/0022): it waits until the cluster takes it in. */
  | { readonly kind: 'joining' }
  | { readonly kind: 'admitted'; readonly clusterId: ClusterId; readonly ordinal: Ordinal; readonly settings: ClusterSettings };

export interface IdentityRecord {
  readonly incarnation: Incarnation;
  /** The folder had data of a version without cluster ids when this record was made. */
  readonly isExisting: boolean;
  readonly state: IdentityState;
  /** The members as they were last heard of; null before there are any. */
  readonly members: MemberTable | null;
  /** Its database carries its name: an empty one is a lost one from now on. */
  readonly hasDatabase: boolean;
  /** All groups that it was founded with are in its log: a group that is not is joined, never founded again. */
  readonly hasGroups: boolean;
}

/** What an RM with a new folder is told when it may take the place of its lost one. */
export interface Admission {
  readonly clusterId: ClusterId;
  readonly ordinal: Ordinal;
  readonly settings: ClusterSettings;
  readonly members: MemberTable;
}

export interface Membership {
  readonly clusterId: ClusterId;
  readonly ordinal: Ordinal;
  readonly settings: ClusterSettings;
}

/** Null for a folder that is no member yet. */
export function membershipOf({ state }: IdentityRecord): Membership | null {
  switch (state.kind) {
    case 'member':
      return { clusterId: state.founding.clusterId, ordinal: FOUNDER, settings: state.founding.settings };
    case 'admitted':
      return { clusterId: state.clusterId, ordinal: state.ordinal, settings: state.settings };
    case 'alone':
    case 'agreed':
    case 'rejoining':
    case 'joining':
      return null;
    default:
      return state satisfies never;
  }
}

const FORMAT = 1;

export function encodeIdentity(record: IdentityRecord): string {
  const { members, ...rest } = record;
  return JSON.stringify({
    format: FORMAT,
    ...rest,
    members: members === null ? null : { version: members.version, members: members.members(), removed: members.removed },
  });
}

/** @throws InvariantViolation for text that encodeIdentity did not write. */
export function decodeIdentity(text: string): IdentityRecord {
  const value = object(JSON.parse(text));
  invariant(value['format'] === FORMAT, 'the identity of the folder has a known format', { format: value['format'] });
  return {
    incarnation: incarnation(String(value['incarnation'])),
    isExisting: value['isExisting'] === true,
    state: stateOf(object(value['state'])),
    members: value['members'] === null ? null : membersOf(object(value['members'])),
    hasDatabase: value['hasDatabase'] === true,
    hasGroups: value['hasGroups'] === true,
  };
}

function stateOf(value: Record<string, unknown>): IdentityState {
  switch (value['kind']) {
    case 'alone':
      return { kind: 'alone' };
    case 'rejoining':
    case 'joining':
      return { kind: value['kind'] };
    case 'agreed':
      return { kind: 'agreed', founding: foundingIn(object(value['founding'])) };
    case 'member':
      return { kind: 'member', founding: foundingIn(object(value['founding'])) };
    default:
      invariant(value['kind'] === 'admitted', 'the identity of the folder has a known state', { kind: value['kind'] });
      return {
        kind: 'admitted',
        clusterId: clusterId(String(value['clusterId'])),
        ordinal: ordinal(Number(value['ordinal'])),
        settings: settingsIn(object(value['settings'])),
      };
  }
}

function foundingIn(value: Record<string, unknown>): Founding {
  const founders = list(value['founders']).map((each): Founder => {
    const founder = object(each);
    return { rm: rmId(Number(founder['rm'])), incarnation: incarnation(String(founder['incarnation'])), isExisting: founder['isExisting'] === true };
  });
  return { clusterId: clusterId(String(value['clusterId'])), founders, settings: settingsIn(object(value['settings'])) };
}

function settingsIn(value: Record<string, unknown>): ClusterSettings {
  return {
    buckets: Number(value['buckets']),
    replicas: Number(value['replicas']),
    policy: String(value['policy']),
    semanticsVersion: Number(value['semanticsVersion']),
    ...(typeof value['restoredFrom'] === 'string' ? { restoredFrom: value['restoredFrom'] } : {}),
  };
}

function membersOf(value: Record<string, unknown>): MemberTable {
  const members = list(value['members']).map((each): MemberIdentity => {
    const member = object(each);
    return { rm: rmId(Number(member['rm'])), incarnation: incarnation(String(member['incarnation'])), ordinal: ordinal(Number(member['ordinal'])) };
  });
  // Earlier versions removed nobody.
  const removed = list(value['removed'] ?? []).map((rm) => rmId(Number(rm)));
  return new MemberTable(Number(value['version']), members, removed);
}

function object(value: unknown): Record<string, unknown> {
  invariant(typeof value === 'object' && value !== null && !Array.isArray(value), 'the identity of the folder is made of objects');
  return value as Record<string, unknown>;
}

function list(value: unknown): readonly unknown[] {
  invariant(Array.isArray(value), 'a list in the identity of the folder');
  return value;
}
