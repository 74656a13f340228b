/**
 * Two clusters are mixed up: a process of another one dials this one's addresses, a coordinator of another one asks its Resource Managers,
 * or a Resource Manager is started with the folder or the database of another one. What is refused leaves no trace.
 */
import { encodeIdentity, foundingOf, MAX_ORDINAL, MemberTable, NamedByMost, ordinal, type Founding, type IdentityRecord } from '@mas/membership';
import { platformDigest } from '@mas/resource-manager';
import { present, type RmId } from '@mas/values';
import { LearntCluster } from '@mas/rpc';
import { SimProcess } from '../world/sim-process';
import { EMPTY_FOLDER, type FolderImage } from '../world/sim-disk';
import type { Fault, FaultSite } from './fault';

const KINDS = [
  'a process of another cluster',
  'a coordinator of another cluster',
  'another one\u2019s database',
  'another one\u2019s folder',
  'another one\u2019s folder and database',
  'the disks of another cluster',
] as const;
const ASK_EVERY_MS = 300;
const ASKS = 8;
const ASK_TIMEOUT_MS = 1_000;

export const crossedClusters: Fault = {
  name: 'crossed clusters',
  bites: ['crossed processes refused'],
  everyMs: [700, 2_500],
  lastsMs: [0, 0],
  strike: (site) => {
    const kind = site.pick(KINDS);
    const rm = site.pick(site.cluster.rmIds);
    if (kind === 'a process of another cluster') otherProcess(site, rm);
    else if (kind === 'a coordinator of another cluster') otherCoordinator(site);
    else startedWith(site, rm, site.pick(site.cluster.rmIds.filter((other) => other !== rm)), kind);
  },
};

/** Founded by Resource Managers of the same ids. */
function otherCluster(site: FaultSite): Founding {
  const { cluster } = site;
  const folder = cluster.machine('nowhere', 0).disk.folder('nowhere');
  // Whoever they are, they are not these.
  const founders = cluster.rmIds.map((rm) => ({ rm, incarnation: folder.newIncarnation(), isExisting: false }));
  const { buckets, replicas } = cluster.shape;
  return foundingOf(founders, { buckets, replicas, policy: 'simulated', semanticsVersion: 1 }, (text) => platformDigest.sha256Hex(text));
}

function folderOf(founding: Founding, rm: RmId): FolderImage {
  const { incarnation } = present(
    founding.founders.find((founder) => founder.rm === rm),
    'founder',
  );
  const record: IdentityRecord = {
    incarnation,
    isExisting: false,
    state: { kind: 'member', founding },
    members: MemberTable.ofFounders(founding.founders),
    hasDatabase: false,
    hasGroups: false,
  };
  return { ...EMPTY_FOLDER, records: new Map([['identity', encodeIdentity(record)]]) };
}

function otherProcess(site: FaultSite, rm: RmId): void {
  const name = `other-rm-${rm}-${site.number()}`;
  site.note(`${name} of another cluster dials this one\u2019s addresses`);
  const machine = site.cluster.machine(`sql-${name}`, 0);
  machine.disk.restore(folderOf(otherCluster(site), rm));
  site.cluster.startGuest({ rm, name, machine, why: 'it belongs to another cluster', onRefused: () => site.count('crossed processes refused') });
}

/** It names its cluster and nothing else. */
function otherCoordinator(site: FaultSite): void {
  const { cluster } = site;
  const name = `other-tm-${site.number()}`;
  site.note(`${name} of another cluster asks this one\u2019s resource managers`);
  const knowledge = new LearntCluster({ record: () => otherCluster(site).clusterId, keep: () => undefined });
  const process = new SimProcess(name, cluster.world.time, { wallMs: 0, monotonicMs: 0 });
  const client = cluster.sessions.client(process, {
    role: 'tm',
    knowledge,
    named: new NamedByMost(() => cluster.rmIds.length),
    standing: () => 'it is a coordinator of another cluster',
    onRefused: () => site.count('crossed processes refused'),
  });
  let asked = 0;
  const ask = (): void => {
    asked += 1;
    void client.send(site.pick(cluster.rmIds), { kind: 'status' }, ASK_TIMEOUT_MS);
    if (asked < ASKS) cluster.world.time.at(ASK_EVERY_MS, ask);
  };
  ask();
}

function startedWith(site: FaultSite, rm: RmId, other: RmId, what: (typeof KINDS)[number]): void {
  const { cluster, operator } = site;
  if (operator.lost !== null || !operator.mayLose(rm)) return;
  site.note(`rm-${rm} is started with ${what}${what === 'the disks of another cluster' ? '' : `: that of rm-${other}`}`);
  cluster.killRm(rm, 'lose', true);
  const machine = site.machine(rm);
  const { sql, forgotten } = machine;
  const own = machine.disk.image();
  if (what === 'the disks of another cluster') {
    machine.disk.restore(folderOf(otherCluster(site), rm));
    machine.sql = cluster.machine(`sql-other-${rm}-${site.number()}`, 0).sql;
  } else {
    if (what !== 'another one\u2019s database') machine.disk.restore(site.machine(other).disk.image());
    if (what !== 'another one\u2019s folder') machine.sql = site.machine(other).sql;
  }
  machine.isForeign = what === 'the disks of another cluster';
  machine.forgotten = { ordinal: ordinal(MAX_ORDINAL), why: `it was started with ${what}` };
  void operator.givenBack(rm, () => {
    site.count('crossed processes refused');
    machine.disk.restore(own);
    machine.sql = sql;
    machine.forgotten = forgotten;
    machine.isForeign = false;
  });
}
