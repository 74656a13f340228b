/** Proposals: when they are dropped, and that a dropped one leaves no trace. */
import { confChangeV1, confChangeV2, term } from '@mas/raft';
import { bytes, Driver, n, type Scenario } from './driver';

export const proposalScenarios: readonly Scenario[] = [
  {
    name: 'a batch is appended whole, and the caller learns where',
    run: (create) => {
      const driver = new Driver(create);
      driver.lead();
      expect(driver.node.proposeBatch([bytes('a'), bytes('b')])).toEqual({ ok: true, value: { kind: 'appended', term: 1, firstIndex: 3 } });
      driver.drain();
      expect(driver.storage.lastIndex()).toBe(4);
    },
  },
  {
    name: 'during a leadership transfer proposals are dropped, and taken again when it is given up',
    run: (create) => {
      const driver = new Driver(create, { config: { electionTicks: 5 } });
      driver.lead();
      driver.node.transferLeadership(n(3));
      expect(driver.node.propose(bytes('a'))).toEqual({ ok: false, error: 'transfer-in-progress' });
      for (let at = 0; at < 5; at += 1) driver.node.tick();
      expect(driver.node.propose(bytes('a')).ok).toBe(true);
    },
  },
  {
    name: 'beyond the limit of uncommitted bytes proposals are dropped until some are applied',
    run: (create) => {
      const driver = new Driver(create, { config: { maxUncommittedBytes: 10 } });
      driver.lead();
      driver.accept(2, 2);
      driver.drain();
      // Anything fits into an empty window.
      expect(driver.node.propose(bytes('more than ten')).ok).toBe(true);
      expect(driver.node.propose(bytes('x'))).toEqual({ ok: false, error: 'uncommitted-limit' });
      expect(driver.node.basicStatus()).toMatchObject({ lastIndex: 3, uncommittedBytes: 13 });
      expect(driver.node.propose(bytes('')).ok).toBe(true);
      driver.drain();
      driver.accept(2, 4);
      driver.drain();
      expect(driver.node.basicStatus().uncommittedBytes).toBe(0);
      expect(driver.node.propose(bytes('x')).ok).toBe(true);
    },
  },
  {
    name: 'a follower forwards, unless that is switched off',
    run: (create) => {
      for (const [disableProposalForwarding, expected] of [
        [false, { ok: true, value: { kind: 'forwarded', to: 2 } }],
        [true, { ok: false, error: 'forwarding-disabled' }],
      ] as const) {
        const driver = new Driver(create, { config: { disableProposalForwarding } });
        expect(driver.node.propose(bytes('a'))).toEqual({ ok: false, error: 'no-leader' });
        driver.append(2, 1, [1, 1], [], 1);
        driver.drain();
        expect(driver.node.propose(bytes('a'))).toEqual(expected);
        expect(driver.drain()).toHaveLength(disableProposalForwarding ? 0 : 1);
      }
    },
  },
  {
    name: 'a second configuration change waits until the first is applied',
    run: (create) => {
      const driver = new Driver(create);
      driver.lead();
      driver.accept(2, 2);
      driver.drain();
      driver.node.proposeConfChange(confChangeV1({ type: 'add-learner', nodeId: n(4) }));
      driver.node.proposeConfChange(confChangeV1({ type: 'add-learner', nodeId: n(5) }));
      driver.drain();
      expect(typesFrom(driver, 3)).toEqual(['conf-change', 'normal']);
    },
  },
  {
    name: 'a change that no replica could apply does not get into the log',
    run: (create) => {
      const driver = new Driver(create, { voters: [1] });
      driver.lead();
      driver.node.proposeConfChange(confChangeV2([{ type: 'remove-node', nodeId: n(1) }]));
      driver.drain();
      expect(typesFrom(driver, 3)).toEqual(['normal']);
      expect(driver.node.status().configuration.voters).toEqual([1]);
    },
  },
  {
    name: 'a leader that was removed takes no proposals, and steps down if it is told to',
    run: (create) => {
      for (const stepDownOnRemoval of [true, false]) {
        const driver = new Driver(create, { config: { stepDownOnRemoval } });
        driver.lead();
        driver.accept(2, 2);
        driver.drain();
        driver.node.proposeConfChange(confChangeV1({ type: 'remove-node', nodeId: n(1) }));
        driver.drain();
        driver.accept(2, 3);
        driver.drain();
        expect(driver.node.basicStatus().role).toBe(stepDownOnRemoval ? 'follower' : 'leader');
        expect(driver.node.propose(bytes('a'))).toEqual({ ok: false, error: stepDownOnRemoval ? 'no-leader' : 'not-a-member' });
      }
    },
  },
  {
    name: 'an answer from somebody who is no member is refused',
    run: (create) => {
      const driver = new Driver(create);
      const result = driver.node.step({ kind: 'vote-response', from: n(9), to: n(1), term: term(1), granted: true });
      expect(result).toEqual({ ok: false, error: 'peer-not-found' });
    },
  },
];

function typesFrom(driver: Driver, index: number): readonly string[] {
  const last = driver.storage.lastIndex();
  const entries = driver.storage.entries(index as typeof last, (last + 1) as typeof last, 1_000_000) ?? [];
  return entries.map(({ type }) => type);
}
