/** Replication: what may be counted as committed, and messages that come late, twice or out of order. */
import { logIndex, NO_LIMIT, term, ZERO_INDEX } from '@mas/raft';
import { bytes, Driver, entry, n, type Scenario } from './driver';

export const replicationScenarios: readonly Scenario[] = [
  {
    name: 'an entry of an earlier term is not committed by counting (Raft paper figure 8)',
    run: (create) => {
      const driver = new Driver(create, { terms: [2], hardState: { term: 2, commit: 1 } });
      driver.lead();
      // 2/2 is on a quorum now (1 and 2), but a later leader could still replace it.
      driver.accept(2, 2);
      expect(driver.commit).toBe(1);
      driver.accept(2, 3);
      expect(driver.commit).toBe(3);
    },
  },
  {
    name: 'a follower commits no further than its last new entry',
    run: (create) => {
      const driver = new Driver(create, { terms: [1, 1], hardState: { term: 1, commit: 1 } });
      // The leader of term 2 has committed 3, but entry 3 here is not known to be the leader's.
      driver.append(2, 2, [1, 2], [], 3);
      expect(driver.commit).toBe(2);
    },
  },
  {
    name: 'a heartbeat never carries a commit beyond what the follower is known to have',
    run: (create) => {
      const driver = new Driver(create);
      driver.lead();
      driver.accept(2, 2);
      driver.drain();
      for (let at = 0; at < driver.config.heartbeatTicks; at += 1) driver.node.tick();
      const commits = driver.drain().map((message) => message.kind === 'heartbeat' && [message.to, message.commit]);
      expect(commits).toEqual([
        [2, 2],
        [3, 0],
      ]);
    },
  },
  {
    name: 'an older append that arrives late does not cut newer entries off',
    run: (create) => {
      const driver = new Driver(create);
      driver.append(2, 1, [1, 1], [entry(1, 2), entry(1, 3), entry(1, 4)], 1);
      driver.drain();
      driver.append(2, 1, [1, 1], [entry(1, 2)], 1);
      expect(driver.drain()).toEqual([{ kind: 'append-accepted', from: 1, to: 2, term: 1, index: 2 }]);
      expect(driver.storage.lastIndex()).toBe(4);
    },
  },
  {
    name: 'a rejection that arrives late or twice moves nothing',
    run: (create) => {
      const driver = new Driver(create);
      driver.lead();
      driver.accept(2, 2);
      driver.drain();
      const rejected = { kind: 'append-rejected', from: n(2), to: n(1), term: term(1), index: logIndex(1), hintIndex: ZERO_INDEX, hintTerm: term(0) } as const;
      driver.node.step(rejected);
      driver.node.step(rejected);
      expect(driver.node.status().progress.get(n(2))).toMatchObject({ state: 'replicate', match: 2, next: 3 });
      expect(driver.drain()).toEqual([]);
    },
  },
  {
    name: 'an acknowledgement that arrives twice or late counts once',
    run: (create) => {
      const driver = new Driver(create, { voters: [1, 2, 3, 4, 5] });
      driver.node.campaign();
      driver.drain();
      for (const from of [2, 3]) driver.node.step({ kind: 'vote-response', from: n(from), to: n(1), term: term(1), granted: true });
      driver.drain();
      driver.accept(2, 2);
      driver.accept(2, 2);
      expect(driver.commit).toBe(1);
      driver.accept(3, 2);
      expect(driver.commit).toBe(2);
    },
  },
  {
    name: 'an acknowledgement leaves after the write, never before (synchronous storage)',
    run: (create) => {
      const driver = new Driver(create);
      driver.append(2, 1, [1, 1], [entry(1, 2)], 1);
      const ready = driver.node.ready();
      expect(ready).toMatchObject({ messages: [], mustSync: true });
      expect(ready.messagesAfterAppend.map(({ kind }) => kind)).toEqual(['append-accepted']);
    },
  },
  {
    name: 'a leader counts its own entry only when it is durable',
    run: (create) => {
      const driver = new Driver(create, { config: { asyncStorageWrites: true } });
      driver.node.campaign();
      driver.take();
      driver.deliverToSelf(driver.finishWrite());
      driver.node.step({ kind: 'vote-response', from: n(2), to: n(1), term: term(1), granted: true });
      const ready = driver.take();
      // Replication does not wait for the leader's own write.
      expect(ready.messages.map(({ kind, to }) => [kind, to])).toEqual([
        ['append', 2],
        ['append', 3],
      ]);
      driver.accept(2, 2);
      expect(driver.commit).toBe(1);
      driver.deliverToSelf(driver.finishWrite());
      expect(driver.commit).toBe(2);
    },
  },
  {
    name: 'the bytes in flight to one follower are bounded',
    run: (create) => {
      const driver = new Driver(create, { config: { maxInflightBytes: 25, maxMessageBytes: 10, maxUncommittedBytes: NO_LIMIT } });
      driver.lead();
      driver.accept(2, 2);
      driver.drain();
      for (let at = 0; at < 6; at += 1) driver.node.propose(bytes('0123456789'));
      const sent = driver.drain().filter((message) => message.kind === 'append' && message.to === 2 && message.entries.length > 0);
      // The third message steps over the limit, the fourth has to wait.
      expect(sent).toHaveLength(3);
      expect(driver.node.status().progress.get(n(2))).toMatchObject({ inflightMessages: 3, inflightFull: true, paused: true });
      driver.accept(2, 5);
      const more = driver.drain().filter((message) => message.kind === 'append' && message.to === 2 && message.entries.length > 0);
      expect(more).toHaveLength(3);
    },
  },
];
