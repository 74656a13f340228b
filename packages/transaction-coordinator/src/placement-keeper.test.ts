/** Which map a coordinator starts with: one that was founded, because only that says which txns are minted (ADR 14). */
import { genesisPlacement, type PlacementMap } from '@mas/placement';
import { madeUpCluster } from '@mas/testkit/membership';
import type { ParticipantReply } from '@mas/two-phase-commit';
import { rmId, silentLogger, type RmId } from '@mas/values';
import { discoverPlacement } from './placement-keeper';
import { Rig } from './testing/rig';

const RMS = [1, 2, 3].map(rmId);
const configured = genesisPlacement(
  RMS.map((rm) => ({ rm, address: `rm${rm}:1` })),
  3,
  3,
);
const founded = (version: number): PlacementMap => ({ ...configured, version, cluster: { clusterId: madeUpCluster(RMS).clusterId, nodes: [], txnVersion: 2 } });

/** @param known by RM 1, 2 and 3 */
async function discovered(
  published: PlacementMap | null,
  known: readonly (PlacementMap | null)[],
): Promise<readonly [PlacementMap | null, PlacementMap | null]> {
  const { dao, clock } = new Rig();
  if (published !== null) await clock.until(dao.publishPlacement(published));
  const send = (rm: RmId): Promise<ParticipantReply> => Promise.resolve({ kind: 'placement', map: known[rm - 1] ?? null, agreedMs: null });
  const map = await clock.until(discoverPlacement({ dao, participants: { send }, clock, logger: silentLogger }, RMS, 1_000));
  return [map, await clock.until(dao.placement())];
}

test.each<[string, PlacementMap | null, readonly (PlacementMap | null)[], PlacementMap | null, PlacementMap | null]>([
  ['what Redis has', founded(3), [founded(4)], founded(3), founded(3)],
  ['the newest that a Resource Manager has, which is put into Redis', null, [founded(2), founded(4), null], founded(4), founded(4)],
  ['not one that was only configured, in Redis or elsewhere', configured, [configured, founded(2), configured], founded(2), founded(2)],
  ['nothing, where there is only such a one', null, [configured, null, configured], null, null],
])('%s', async (_what, published, known, map, afterwards) => {
  expect(await discovered(published, known)).toEqual([map, afterwards]);
});
