/** Who takes the place of a lost disk, asked as processes ask: again and again, of whoever is there. */
import { clusterId, incarnation, ordinal, type ClusterSettings } from '@mas/membership';
import { genesisPlacement, type PlacementMap } from '@mas/placement';
import { rmId } from '@mas/values';
import { applyMetaCommand, type MetaCommand } from '../meta/meta-command';
import type { MetaReplica } from '../meta/meta-replica';
import { readmit } from './readmission';

const RM = rmId(3);
const id = (digit: string): ReturnType<typeof incarnation> => incarnation(digit.repeat(32));
const members = [1, 2, 3].map(rmId);
const settings = {} as ClusterSettings;

/** A replica of the meta group whose commands are applied at once. */
class Meta {
  isLeading = true;
  map: PlacementMap = {
    ...genesisPlacement(
      members.map((rm) => ({ rm, address: `rm-${rm}:1` })),
      3,
      3,
    ),
    cluster: {
      clusterId: clusterId('c'.repeat(32)),
      nodes: members.map((rm) => ({ rm, incarnation: id(String(rm)), ordinal: ordinal(0), isLost: false })),
      txnVersion: 2,
    },
  };
  readonly applier = { placement: (): PlacementMap => this.map };

  command(command: MetaCommand): Promise<PlacementMap | null> {
    this.map = applyMetaCommand(this.map, command) ?? this.map;
    return Promise.resolve(this.map);
  }

  lose(digit: string): void {
    void this.command({ kind: 'lose', rm: RM, incarnation: id(digit) });
  }

  async ask(digit: string): Promise<string> {
    const answer = await readmit(this as unknown as MetaReplica, settings, RM, id(digit));
    return answer.kind === 'admitted' ? `admitted ${answer.admission.ordinal}` : answer.kind;
  }

  get lost(): readonly unknown[] {
    return this.map.cluster?.nodes.filter(({ isLost }) => isLost).map(({ ordinal: number }) => number) ?? [];
  }
}

test('one that asks waits for the operator’s word, and is answered alike however often it asks', async () => {
  const meta = new Meta();
  expect(await meta.ask('a')).toBe('pending');
  meta.lose('3');
  expect([await meta.ask('a'), await meta.ask('a'), await meta.ask('b')]).toEqual(['admitted 1', 'admitted 1', 'pending']);
  expect(meta.lost).toEqual([]);
});

// Found beside seed 930106 of the simulator: it was admitted as it was, the word stayed, and would have let in the next folder that came.
test('a word about the one that asks, and has not heard yet that it was admitted, is used up by admitting it anew', async () => {
  const meta = new Meta();
  meta.lose('3');
  await meta.ask('a');
  meta.lose('a');
  expect([await meta.ask('a'), await meta.ask('a'), await meta.ask('b')]).toEqual(['admitted 2', 'admitted 2', 'pending']);
  expect(meta.lost).toEqual([]);
});

test('who does not lead may not have heard the word: it says nothing', async () => {
  const meta = new Meta();
  meta.lose('3');
  await meta.ask('a');
  meta.isLeading = false;
  expect(await meta.ask('a')).toBe('pending');
});
