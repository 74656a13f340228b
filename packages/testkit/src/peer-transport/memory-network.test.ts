/** The memory network keeps the contract of every transport, so that what is tested over it means something. */
import { rmId, SeededRandom } from '@mas/values';
import { VirtualClock } from '../clock';
import { MemoryNetwork } from './memory-network';
import { peerTransportContract } from './peer-transport-contract';

peerTransportContract('memory network', (members) => {
  const clock = new VirtualClock();
  const network = new MemoryNetwork(clock, new SeededRandom(1), { minDelayMs: 1, maxDelayMs: 5 });
  const [a, b] = [rmId(1), rmId(2)];
  return Promise.resolve({
    ids: [a, b] as const,
    transports: [network.transport(members[0]), network.transport(members[1])] as const,
    guest: (member) => network.guest(member),
    refusals: () => network.refusals.map(({ refusal }) => refusal.name),
    eventually: async (what: string, condition: () => boolean) => {
      if (!(await clock.until(condition, 5000))) throw new Error(`not within 5 s: ${what}`);
    },
    breakConnections: () => {
      network.setLink(a, b, 'cut');
      clock.schedule(20, () => network.setLink(a, b, 'up'));
      return Promise.resolve();
    },
    dispose: () => Promise.resolve(),
  });
});
