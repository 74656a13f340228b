/** Elections: one vote per term, kept across a crash; who may campaign; leases. */
import { confChangeV1, decodeConfChange, encodeConfChange, logIndex, term } from '@mas/raft';
import { Driver, entry, n, type Scenario } from './driver';

export const electionScenarios: readonly Scenario[] = [
  {
    name: 'a second candidate of one term gets no vote',
    run: (create) => {
      const driver = new Driver(create);
      driver.requestVote(2, 5, [1, 1]);
      driver.requestVote(3, 5, [1, 1]);
      driver.requestVote(2, 5, [1, 1]);
      const votes = driver.drain().map((message) => message.kind === 'vote-response' && [message.to, message.granted]);
      expect(votes).toEqual([
        [2, true],
        [3, false],
        [2, true],
      ]);
    },
  },
  {
    name: 'a vote outlives a crash',
    run: (create) => {
      const driver = new Driver(create);
      driver.requestVote(2, 5, [1, 1]);
      driver.drain();
      driver.restart();
      driver.requestVote(3, 5, [1, 1]);
      expect(driver.drain()).toEqual([{ kind: 'vote-response', from: 1, to: 3, term: 5, granted: false }]);
    },
  },
  {
    name: 'a candidate with a shorter log of the same term gets no vote',
    run: (create) => {
      const driver = new Driver(create, { terms: [2, 2], hardState: { term: 2, commit: 1 } });
      driver.requestVote(2, 3, [2, 2]);
      expect(driver.drain()).toEqual([{ kind: 'vote-response', from: 1, to: 2, term: 3, granted: false }]);
      driver.requestVote(3, 3, [2, 3]);
      expect(driver.drain()).toEqual([{ kind: 'vote-response', from: 1, to: 3, term: 3, granted: true }]);
    },
  },
  {
    name: 'nobody campaigns over a committed configuration change that is not applied',
    run: (create) => {
      const driver = new Driver(create, { config: { asyncStorageWrites: true } });
      const change = confChangeV1({ type: 'add-node', nodeId: n(4) });
      const added = { ...entry(1, 2), ...encodeConfChange(change) };
      driver.append(2, 1, [1, 1], [added], 2);
      driver.take();
      driver.deliverToSelf(driver.finishWrite());
      expect(driver.commit).toBe(2);
      expect(driver.node.campaign()).toEqual({ ok: false, error: 'conf-change-unapplied' });
      for (let at = 0; at < 50; at += 1) driver.node.tick();
      expect(driver.node.basicStatus()).toMatchObject({ role: 'follower', term: 1 });

      driver.take();
      driver.applies.forEach(({ entries, responses }) => {
        entries.forEach((one) => driver.node.applyConfChange(decodeConfChange(one)));
        responses.forEach((response) => driver.node.step(response));
      });
      expect(driver.node.campaign().ok).toBe(true);
    },
  },
  {
    name: 'a request for votes, and what it claims, is durable before it leaves (synchronous storage)',
    run: (create) => {
      const driver = new Driver(create);
      driver.node.campaign();
      const ready = driver.node.ready();
      expect(ready.hardState).toEqual({ term: 1, vote: 1, commit: 1 });
      expect(ready.messages).toEqual([]);
      expect(ready.messagesAfterAppend.map(({ kind, to }) => [kind, to])).toEqual([
        ['vote', 2],
        ['vote', 3],
      ]);
    },
  },
  {
    name: 'a request for votes, and what it claims, is durable before it leaves (asynchronous storage)',
    run: (create) => {
      const driver = new Driver(create, { config: { asyncStorageWrites: true } });
      driver.node.campaign();
      const ready = driver.take();
      expect(ready.messages).toEqual([]);
      expect(ready.messagesAfterAppend.map(({ kind, to }) => [kind, to])).toEqual([
        ['vote', 2],
        ['vote', 3],
      ]);
      expect(ready.storageAppend?.responses.map(({ kind, to }) => [kind, to])).toEqual([['vote-response', 1]]);
    },
  },
  {
    name: 'a candidate counts its own vote only when it is durable',
    run: (create) => {
      const driver = new Driver(create, { voters: [1], config: { asyncStorageWrites: true } });
      driver.node.campaign();
      driver.take();
      expect(driver.node.basicStatus().role).toBe('candidate');
      driver.deliverToSelf(driver.finishWrite());
      expect(driver.node.basicStatus().role).toBe('leader');
    },
  },
  {
    name: 'with CheckQuorum a voter that hears its leader is not talked out of it, except for a transfer',
    run: (create) => {
      const driver = new Driver(create, { config: { checkQuorum: true } });
      driver.append(2, 4, [1, 1], [], 1);
      driver.drain();
      driver.requestVote(3, 9, [9, 9]);
      expect(driver.drain()).toEqual([]);
      expect(driver.node.basicStatus()).toMatchObject({ term: 4, leader: 2 });
      driver.node.step({ kind: 'vote', from: n(3), to: n(1), term: term(9), lastTerm: term(9), lastIndex: logIndex(9), transfer: true });
      expect(driver.drain()).toEqual([{ kind: 'vote-response', from: 1, to: 3, term: 9, granted: true }]);
    },
  },
  {
    name: 'a learner does not campaign, but votes',
    run: (create) => {
      const driver = new Driver(create, { voters: [2, 3], learners: [1] });
      expect(driver.node.campaign()).toEqual({ ok: false, error: 'not-promotable' });
      driver.requestVote(2, 2, [1, 1]);
      expect(driver.drain()).toEqual([{ kind: 'vote-response', from: 1, to: 2, term: 2, granted: true }]);
    },
  },
];
