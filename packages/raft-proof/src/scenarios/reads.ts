/** ReadIndex: proof of leadership, one round for many reads, nothing before the first commit of the term. */
import { logIndex, term, type ReadState } from '@mas/raft';
import { bytes, Driver, n, type Scenario } from './driver';

export const readScenarios: readonly Scenario[] = [
  {
    name: 'a read waits for the first commit of the leader’s term, then for a round of heartbeats',
    run: (create) => {
      const driver = new Driver(create, { hardState: { term: 1, commit: 1 } });
      driver.lead();
      driver.node.readIndex(bytes('r'));
      driver.heartbeatResponse(2, 1);
      expect(answers(driver)).toEqual([]);
      driver.accept(2, 2);
      expect(answers(driver)).toEqual([]);
      driver.heartbeatResponse(2, 1);
      expect(answers(driver)).toEqual([{ index: 2, context: bytes('r') }]);
    },
  },
  {
    name: 'a read is not answered before a quorum has confirmed the leader',
    run: (create) => {
      const driver = ledBy(create, [1, 2, 3, 4, 5]);
      driver.node.readIndex(bytes('r'));
      driver.drain();
      driver.heartbeatResponse(2, 1);
      driver.heartbeatResponse(2, 1);
      expect(answers(driver)).toEqual([]);
      driver.heartbeatResponse(3, 1);
      expect(answers(driver)).toHaveLength(1);
    },
  },
  {
    name: 'a heartbeat from before a read does not confirm it',
    run: (create) => {
      const driver = ledBy(create, [1, 2, 3]);
      driver.node.readIndex(bytes('a'));
      driver.node.readIndex(bytes('b'));
      driver.heartbeatResponse(2, 1);
      expect(answers(driver).map(({ context }) => context)).toEqual([bytes('a')]);
      driver.heartbeatResponse(2, 0);
      expect(answers(driver)).toEqual([]);
    },
  },
  {
    name: 'one round confirms every read before it',
    run: (create) => {
      const driver = ledBy(create, [1, 2, 3]);
      for (const one of 'abcde') driver.node.readIndex(bytes(one));
      driver.heartbeatResponse(3, 5);
      expect(answers(driver).map(({ context }) => context)).toEqual([...'abcde'].map(bytes));
    },
  },
  {
    name: 'a follower’s read goes to the leader and the answer comes back',
    run: (create) => {
      const follower = new Driver(create);
      follower.append(2, 1, [1, 1], [], 1);
      follower.drain();
      follower.node.readIndex(bytes('r'));
      expect(follower.drain()).toEqual([{ kind: 'read-index', from: 1, to: 2, context: bytes('r') }]);

      const leader = ledBy(create, [1, 2, 3]);
      leader.node.step({ kind: 'read-index', from: n(3), to: n(1), context: bytes('r') });
      leader.drain();
      leader.heartbeatResponse(2, 1);
      const answer = { kind: 'read-index-response', from: n(1), to: n(3), term: term(1), index: logIndex(2), context: bytes('r') };
      expect(leader.drain()).toEqual([answer]);
    },
  },
  {
    name: 'an only voter answers at once, but not before it has committed in its term',
    run: (create) => {
      const driver = new Driver(create, { voters: [1], terms: [1, 1], hardState: { term: 1, commit: 1 }, config: { asyncStorageWrites: true } });
      driver.node.campaign();
      driver.take();
      driver.deliverToSelf(driver.finishWrite());
      // Leads, and had acknowledged entries up to 3 before its restart, though the stored commit index says 1.
      driver.node.readIndex(bytes('r'));
      expect(driver.take().readStates).toEqual([]);
      driver.deliverToSelf(driver.finishWrite());
      expect(driver.take().readStates).toEqual([{ index: 4, context: bytes('r') }]);
    },
  },
  {
    name: 'lease-based reads are answered without a round, after the first commit of the term',
    run: (create) => {
      const driver = new Driver(create, { hardState: { term: 1, commit: 1 }, config: { readOnly: 'lease-based', checkQuorum: true } });
      driver.lead();
      driver.node.readIndex(bytes('early'));
      expect(answers(driver)).toEqual([]);
      driver.accept(2, 2);
      driver.node.readIndex(bytes('r'));
      expect(answers(driver)).toEqual([
        { index: 2, context: bytes('early') },
        { index: 2, context: bytes('r') },
      ]);
    },
  },
];

/** A leader at term 1 that has committed its first entry. */
function ledBy(create: Parameters<Scenario['run']>[0], voters: readonly number[]): Driver {
  const driver = new Driver(create, { voters });
  driver.node.campaign();
  driver.drain();
  const others = voters.filter((id) => id !== 1);
  for (const from of others) driver.node.step({ kind: 'vote-response', from: n(from), to: n(1), term: term(1), granted: true });
  driver.drain();
  for (const from of others) driver.accept(from, 2);
  driver.drain();
  return driver;
}

/** Read states of the next Readys. */
function answers(driver: Driver): readonly ReadState[] {
  const found: ReadState[] = [];
  while (driver.node.hasReady()) {
    const ready = driver.node.ready();
    found.push(...ready.readStates);
    if (ready.hardState !== undefined) driver.storage.setHardState(ready.hardState);
    driver.storage.append(ready.entries);
    driver.node.advance();
  }
  return found;
}
