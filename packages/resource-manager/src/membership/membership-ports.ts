/** Ports of who a Resource Manager is: what its folder remembers, and what first RMs and returning ones ask each other. */
import type { Admission, FolderRuns, FoundingStatement, IdentityRecord, Incarnation, Ordinal, PositionMark } from '@mas/membership';
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
}

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
  | { readonly kind: 'admitted'; readonly admission: Admission }
  /** Nobody has allowed it yet; with an empty message, who was asked does not know. */
  | { readonly kind: 'pending'; readonly message: string }
  | { readonly kind: 'refused'; readonly name: string; readonly message: string };

/** To the other Resource Managers. Null: no answer. */
export interface MembershipClient {
  found(rm: RmId, statement: FoundingStatement): Promise<FoundingStatement | null>;
  rejoin(rm: RmId, incarnation: Incarnation): Promise<RejoinAnswer | null>;
}

/** For the other Resource Managers; `from` is proved by its certificate. */
export interface MembershipServer {
  /** Null: this process takes part in no founding (it waits to be admitted again). */
  found(from: RmId, statement: FoundingStatement): FoundingStatement | null;
  rejoin(from: RmId, incarnation: Incarnation): Promise<RejoinAnswer>;
}
