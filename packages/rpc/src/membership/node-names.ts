/**
 * Who a node says it is, as metadata: at the opening of every call between nodes, and in the initial metadata of its answer. What is
 * missing or malformed is nobody; whether somebody is welcome is judged elsewhere.
 */
import { Metadata } from '@grpc/grpc-js';
import { areRuns, clusterId, incarnation, isHexId, isRun, MAX_ORDINAL, ordinal, runOf, type ClusterId, type PeerName, type RunStart } from '@mas/membership';
import { MAX_RM_ID, rmId } from '@mas/values';

const CLUSTER = 'mas-cluster';
/** The certificate must agree with it. */
const RM = 'mas-rm';
const ORDINAL = 'mas-ordinal';
const INCARNATION = 'mas-incarnation';
const POSITION = 'mas-position';
/** `run@from,run@from`, the running one last. */
const RUNS = 'mas-runs';
/** Version of the table of members that it knows; earlier programs do not say. */
const TABLE = 'mas-table';

/** A member of the cluster. */
export function sayMember(name: PeerName, options?: ConstructorParameters<typeof Metadata>[0]): Metadata {
  const metadata = sayCluster(name.clusterId, options);
  metadata.set(RM, String(name.rm));
  metadata.set(ORDINAL, String(name.ordinal));
  metadata.set(INCARNATION, name.incarnation);
  metadata.set(POSITION, String(name.position));
  metadata.set(RUNS, name.runs.map(({ run, from }) => `${run}@${from}`).join(','));
  metadata.set(TABLE, String(name.table));
  return metadata;
}

/** Who is no Resource Manager names its cluster, or nothing while it knows none. */
export function sayCluster(id: ClusterId | null, options?: ConstructorParameters<typeof Metadata>[0]): Metadata {
  const metadata = new Metadata(options);
  if (id !== null) metadata.set(CLUSTER, id);
  return metadata;
}

/** Null: it does not say, or not in our form. */
export function readMember(metadata: Metadata): PeerName | null {
  const cluster = readCluster(metadata);
  const rm = readRm(metadata);
  const admitted = number(metadata, ORDINAL, 0, MAX_ORDINAL);
  const position = number(metadata, POSITION, 0, Number.MAX_SAFE_INTEGER);
  const disk = text(metadata, INCARNATION);
  const runs = runsIn(text(metadata, RUNS));
  if (cluster.kind !== 'named' || rm === null || admitted === null || position === null || runs === null || !isHexId(disk)) return null;
  return {
    clusterId: cluster.id,
    rm,
    ordinal: ordinal(admitted),
    incarnation: incarnation(disk),
    position,
    runs,
    table: number(metadata, TABLE, 0, Number.MAX_SAFE_INTEGER) ?? 0,
  };
}

/** Which Resource Manager it claims to be. */
export function readRm(metadata: Metadata): PeerName['rm'] | null {
  const claimed = number(metadata, RM, 1, MAX_RM_ID);
  return claimed === null ? null : rmId(claimed);
}

export type SaidCluster = { readonly kind: 'none' } | { readonly kind: 'named'; readonly id: ClusterId } | { readonly kind: 'malformed' };

export function readCluster(metadata: Metadata): SaidCluster {
  const said = text(metadata, CLUSTER);
  if (said === '') return { kind: 'none' };
  return isHexId(said) ? { kind: 'named', id: clusterId(said) } : { kind: 'malformed' };
}

function runsIn(said: string): readonly RunStart[] | null {
  const runs: RunStart[] = [];
  for (const part of said.split(',')) {
    const [run = '', from = '', ...more] = part.split('@');
    const position = numberIn(from, 0, Number.MAX_SAFE_INTEGER);
    if (!isRun(run) || position === null || more.length > 0) return null;
    runs.push({ run: runOf(run), from: position });
  }
  return areRuns(runs) ? runs : null;
}

function number(metadata: Metadata, key: string, least: number, most: number): number | null {
  return numberIn(text(metadata, key), least, most);
}

function numberIn(said: string, least: number, most: number): number | null {
  const value = /^(0|[1-9]\d{0,15})$/.test(said) ? Number(said) : Number.NaN;
  return Number.isSafeInteger(value) && value >= least && value <= most ? value : null;
}

/** Empty when it is missing, or said more than once. */
function text(metadata: Metadata, key: string): string {
  const [value, ...others] = metadata.get(key);
  return typeof value === 'string' && others.length === 0 ? value : '';
}
