/** Placement maps as Redis has them; one that this version cannot read is as good as absent. */
import { placementCodecConformance, SAMPLE_MAPS } from '@mas/testkit/placement';
import { decodePlacement, encodePlacement } from './value-codec';

placementCodecConformance('in Redis', { encode: encodePlacement, decode: decodePlacement });

function versionOf(text: string): unknown {
  return (JSON.parse(text) as { readonly v: unknown }).v;
}

test('a map that says nothing new is written as before, for programs that know no other', () => {
  const versions = Object.entries(SAMPLE_MAPS).map(([name, map]) => [name, versionOf(encodePlacement(map))]);
  expect(Object.fromEntries(versions)).toEqual({
    'only configured': 2,
    'the first txns': 2,
    'a founded cluster': 2,
    'nodes that come and go': 2,
    'slots that move': 3,
    'buckets that came later': 3,
    'buckets with many ranges, and with none': 2,
    'slots that are wanted elsewhere': 4,
    'moves that are paused': 4,
    everything: 4,
    'everything of a cluster with the first txns': 4,
  });
});

test.each([
  ['of a version that nobody knows here', (map: object): string => JSON.stringify({ ...map, v: 5 })],
  ['that ends early', (map: object): string => JSON.stringify(map).slice(0, -1)],
  ['with a slot beyond the last', (map: object): string => JSON.stringify(map).replace('"to":255', '"to":4096')],
])('a map %s is absent', (_, damaged) => {
  expect(decodePlacement(damaged(JSON.parse(encodePlacement(SAMPLE_MAPS['everything']!)) as object))).toBeNull();
});
