/** What the benchmark and its Raft processes say to each other: one JSON object per line, over the child's stdin and stdout. */
import type { LoadPart } from './timed-load';

/** The child's one argument, as JSON. */
export interface NodeSettings {
  readonly self: number;
  /** Port of every process, own one included; ids count from 1. */
  readonly ports: readonly number[];
  /** Folder with ca.crt and rm-N.crt, rm-N.key. */
  readonly certs: string;
  readonly log: string;
  /** Groups 1 … groups. */
  readonly groups: number;
  /** See CountingApplier. */
  readonly keepsLog: boolean;
}

export type NodeCommand =
  /** Adds the groups, or finds them again in the log. */
  | { readonly kind: 'found' }
  | { readonly kind: 'state' }
  /** So many proposers in this process, each going round the groups that it leads. */
  | { readonly kind: 'load'; readonly proposers: number; readonly warmUpMs: number; readonly durationMs: number }
  /** Proposes to the group as soon as this process leads it; gives up once a process other than `gone` does. */
  | { readonly kind: 'commit-when-leader'; readonly group: number; readonly gone: number | null; readonly timeoutMs: number }
  /** One proposal to each group in turn, and before each of them one to the group that is kept awake so. */
  | { readonly kind: 'wake-one-by-one'; readonly active: number; readonly quiet: readonly number[] }
  | { readonly kind: 'stop' };

export interface NodeState {
  readonly leading: readonly number[];
  readonly leaderless: number;
  readonly quiet: number;
  /** Entries applied by all groups together. */
  readonly applied: number;
  /** Entries that followers of groups led here have not confirmed. */
  readonly lag: number;
  readonly fsyncP50Ms: number | null;
}

export interface Reply {
  readonly found: null;
  readonly state: NodeState;
  readonly load: LoadPart;
  readonly 'commit-when-leader': { readonly committed: boolean };
  readonly 'wake-one-by-one': { readonly activeMs: readonly number[]; readonly quietMs: readonly number[] };
  readonly stop: null;
}

export type ReplyTo<Kind extends NodeCommand['kind']> = Reply[Kind];

export interface CommandLine {
  readonly id: number;
  readonly command: NodeCommand;
}

/** The answer to the command with that id; id 0 says that the process is ready. */
export type ReplyLine = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string };

export const READY_ID = 0;
export const ENTRY_BYTES = 100;
