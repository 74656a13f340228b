/** The clock of these tests keeps the contract of every clock. */
import { clockContract } from '@mas/testkit/clock';
import { VirtualClock } from './virtual-clock';

clockContract('of the Resource Manager\u2019s tests', () => {
  const clock = new VirtualClock();
  return { clock, eventually: (what, condition) => clock.until(what, condition) };
});
