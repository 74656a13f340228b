/** Ports of who a Resource Manager is: what its folder remembers, and what first RMs and returning ones ask each other. */
import type { Admission, FolderRuns, FoundingStatement, IdentityRecord, Incarnation, Ordinal, PeerName, PeerRefusal, PositionMark } from '@mas/membership';
import type { PlacementMap } from '@mas/placement';
import type { RmId } from '@mas/values';

/** In the data folder. Null: a folder that nothing was ever written to. */
export interface IdentityStore {
  load(): IdentityRecord | null;
  /** Durable when it resolves. */
  save(record: IdentityRecord): Promise<void>;
  loadMarks(): readonly PositionMark[];
  saveMarks(marks: readonly PositionMark[]): Promise<void>;
  /** Null: the folder was never started. */
  loadRuns(): FolderRuns | null;
  /** Durable when it resolves. */
  saveRuns(runs: FolderRuns): Promise<void>;
  /** The last placement map that this process has heard: where the others are, and what it should hold. Null: it has heard none. */
  loadMap(): PlacementMap | null;
  /** Durable when it resolves. */
  saveMap(map: PlacementMap): Promise<void>;
}

/** How a folder that belongs to no cluster comes to one. */
export type Arrival = 'founds' | 'rejoins' | 'joins';

/** A data folder: its records, and what else lies in it. */
export interface MemberFolder {
  /** For messages. */
  readonly path: string;
  /** `next identity`: of an incarnation that is made in place of one that lost its database, until it counts. Marks are the same of both. */
  records(name: 'identity' | 'next identity'): IdentityStore;
  /** Durable when it resolves. */
  forgetNext(): Promise<void>;
  hasLog(): boolean;
  /** An embedded database of the incarnation with this ordinal. */
  hasDatabase(ordinal: Ordinal): boolean;
  /** Logs, snapshots and embedded databases of earlier incarnations. */
  removeBefore(ordinal: Ordinal): Promise<void>;
  /** 128 random bits. */
  newIncarnation(): Incarnation;
}

export type RejoinAnswer =
  /** `map`: to one that joins, which has none. */
  | { readonly kind: 'admitted'; readonly admission: Admission; readonly map: PlacementMap | null }
  /** Nobody has allowed it yet; with an empty message, who was asked does not know. */
  | { readonly kind: 'pending'; readonly message: string }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string };

/** What another one makes of a member that says who it is. */
export type Introduction = { readonly kind: 'welcome' } | { readonly kind: 'turned-away'; readonly refusal: PeerRefusal };

/** To the other Resource Managers. Null: no answer. */
export interface MembershipClient {
  /** @param isQuestion what is said is not durable yet: who hears it only answers */
  found(rm: RmId, statement: FoundingStatement, isQuestion: boolean): Promise<FoundingStatement | null>;
  introduce(rm: RmId, name: PeerName): Promise<Introduction | null>;
  rejoin(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer | null>;
  /** Asks all addresses that this process was told to join at; those that answer. */
  join(incarnation: Incarnation): Promise<readonly RejoinAnswer[]>;
}

/** For the other Resource Managers; whom a statement names is proved by its certificate. */
export interface MembershipServer {
  /** Null: this process has nothing to say of a founding (it waits to be admitted again). @param isQuestion nothing of the statement counts yet */
  found(statement: FoundingStatement, isQuestion: boolean): FoundingStatement | null;
  rejoin(from: RmId, incarnation: Incarnation): Promise<RejoinAnswer>;
  /** Of a node that an operator has added, or whose disk he has called lost. */
  join(from: RmId, incarnation: Incarnation): Promise<RejoinAnswer>;
}
