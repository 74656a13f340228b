/** The scheduler: bounded turns, everybody's turn, and one write per peer and turn. */
import { Scheduler } from './scheduler';
import { VirtualClock } from '@mas/testkit/clock';

describe('scheduler', () => {
  test('work with no end leaves every other item its turn: nobody is served twice while somebody waits', async () => {
    const clock = new VirtualClock();
    const served: string[] = [];
    const scheduler = new Scheduler<string>(
      clock,
      2,
      (item) => {
        served.push(item);
        return item === 'endless' && served.length < 10;
      },
      () => served.push('|'),
    );
    for (const item of ['endless', 'a', 'b', 'c']) scheduler.enqueue(item);
    await clock.settle();
    expect(served.slice(0, 8)).toEqual(['endless', 'a', '|', 'b', 'c', '|', 'endless', '|']);
  });

  test('an item is queued once, however often it is wanted; what it wants while it runs is a later turn', async () => {
    const clock = new VirtualClock();
    let runs = 0;
    const scheduler: Scheduler<string> = new Scheduler<string>(
      clock,
      10,
      (item) => {
        runs += 1;
        if (runs === 1) for (let again = 0; again < 3; again += 1) scheduler.enqueue(item);
        return false;
      },
      () => undefined,
    );
    for (let again = 0; again < 3; again += 1) scheduler.enqueue('x');
    expect(scheduler.length).toBe(1);
    await clock.settle();
    expect(runs).toBe(2);
  });

  test('nothing runs after stop, not even the rest of the turn', async () => {
    const clock = new VirtualClock();
    const served: string[] = [];
    const scheduler: Scheduler<string> = new Scheduler<string>(
      clock,
      10,
      (item) => {
        served.push(item);
        scheduler.stop();
        return true;
      },
      () => undefined,
    );
    scheduler.enqueue('a');
    scheduler.enqueue('b');
    await clock.settle();
    scheduler.enqueue('c');
    await clock.settle();
    expect(served).toEqual(['a']);
  });
});
