/** The clock of these tests keeps the contract of every clock. */
import { clockContract } from '@mas/testkit/clock';
import { VirtualClock } from './virtual-clock';

clockContract('of the coordinator\u2019s tests', () => {
  const clock = new VirtualClock();
  return { clock, eventually: (what, condition) => clock.when(condition, what) };
});
