/**
 * Two clusters with the same certificates, and an address of one that leads to the other (docs/adr/0011): no stream is taken over, nothing of
 * one reaches the other, and the one under load goes on.
 */
import { waitUntil } from '@mas/test-servers';
import type { Cluster } from '../harness/cluster';
import { Disk } from '../harness/disk';
import type { MasProcess } from '../harness/mas-process';
import { Operator } from '../harness/operator';
import type { Scenario } from './scenario';
import type { World } from './world';

const BUCKET = 1;
const HOLD_MS = 4_000;
const SAID_MS = 60_000;
/** Of whom the other cluster's processes are told a wrong address. */
const MISTAKEN = 'rm3';
const NOT_FOUND = 4;
const FOREIGN = 'foreign-1';

function crossed(name: string, refusals: (world: World, other: Cluster) => Promise<void>): Scenario {
  return {
    name: `two clusters crossed: ${name}`,
    holdMs: HOLD_MS,
    servesMeanwhile: true,
    mustServe: BUCKET,
    inject: async (world) => {
      const other = await world.another();
      await refusals(world, other);
      return () => other.stop();
    },
  };
}

/** From now on what the other cluster's RMs dial as `MISTAKEN` is that of the world's. */
function cross({ cluster }: World, other: Cluster): void {
  const address = cluster.rmAddresses()[Number(MISTAKEN.slice(2)) - 1] ?? '';
  for (const link of other.links.matching(new RegExp(`^rm\\d>${MISTAKEN}$`))) link.lead(Number(address.slice(address.lastIndexOf(':') + 1)));
}

async function saysAnother(one: MasProcess): Promise<void> {
  await waitUntil(`${one.name} says that it met another cluster`, () => one.lines().some((line) => line['reason'] === 'ANOTHER_CLUSTER'), {
    timeoutMs: SAID_MS,
    diagnostics: () => one.logTail(),
  });
}

/** Each says so and goes on without that connection: one of two is wrong, and neither can know which. */
async function whileItRuns(world: World, other: Cluster): Promise<void> {
  cross(world, other);
  await Promise.all([world.cluster.process(MISTAKEN), other.process('rm1'), other.process('rm2')].map(saysAnother));
  const client = other.client();
  // Who led by way of that address has to be replaced first.
  await waitUntil(
    'the other cluster goes on',
    async () => (await client.createAccount({ id: `open-${FOREIGN}`, number: FOREIGN, openingBalance: { minor: 1n } })).account.number === FOREIGN,
    { timeoutMs: SAID_MS, diagnostics: () => other.diagnostics() },
  );
  const found = await Promise.all([world.cluster, other].map((one) => new Operator(one).run('account', 'get', FOREIGN)));
  if (found[0]?.code !== NOT_FOUND || found[1]?.code !== 0) throw new Error(`the account of one cluster is in the other: ${JSON.stringify(found)}`);
  const ended = other.failures();
  if (ended.length > 0) throw new Error(ended.join('\n'));
}

/** Founding with a member of another cluster: each that dials it ends, and says why. */
async function whileItIsFounded(world: World, other: Cluster): Promise<void> {
  await Promise.all(other.rms.map((rm) => rm.kill()));
  for (const rm of other.rms) await new Disk(other, rm).lose('folder');
  cross(world, other);
  const dialling = other.rms.filter(({ name }) => name !== MISTAKEN);
  for (const rm of dialling) rm.start();
  const operator = new Operator(other);
  for (const rm of dialling) {
    const line = await operator.endsRefused(rm);
    if (!new RegExp(`^rm-3 knows ${rm.name.replace('rm', 'rm-')} as another incarnation`).test(line)) throw new Error(`${rm.name} ended with "${line}"`);
  }
}

export const crossedScenarios: readonly Scenario[] = [
  crossed('an address of one that runs is the other\u2019s', whileItRuns),
  crossed('one is founded with an address of the other', whileItIsFounded),
];
