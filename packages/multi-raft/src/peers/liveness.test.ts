/** Who is there: by connection, by silence, and not fooled by this process's own pauses. */
import { nodeId } from '@mas/raft';
import { PeerLiveness } from './liveness';

const P = nodeId(2);

function setUp(): { readonly liveness: PeerLiveness; readonly events: string[] } {
  const events: string[] = [];
  const liveness = new PeerLiveness(1000, { gained: (peer) => events.push(`+${peer}`), lost: (peer) => events.push(`-${peer}`) });
  return { liveness, events };
}

describe('liveness of peers', () => {
  test('a lost connection is known at once, silence after its time, and both end with the next word', () => {
    const { liveness, events } = setUp();
    expect(liveness.isAlive(P)).toBe(false);
    liveness.connected(P, 0);
    liveness.disconnected(P, 5);
    liveness.connected(P, 10);
    liveness.check(1010);
    expect(liveness.isAlive(P)).toBe(true);
    liveness.check(1011);
    expect(liveness.isAlive(P)).toBe(false);
    liveness.heard(P, 1500);
    expect(liveness.aliveForMs(P, 1600)).toBe(100);
    expect(events).toEqual(['+2', '-2', '+2', '-2', '+2']);
  });

  test('what arrives outside of a connection does not count', () => {
    const { liveness, events } = setUp();
    liveness.heard(P, 5);
    expect(events).toEqual([]);
    expect(liveness.aliveForMs(P, 10)).toBe(0);
  });

  test('when this process stood still itself, peers get their time again', () => {
    const { liveness, events } = setUp();
    liveness.connected(P, 0);
    liveness.forgive(5000);
    liveness.check(5900);
    expect(events).toEqual(['+2']);
    liveness.check(6001);
    expect(events).toEqual(['+2', '-2']);
  });
});
