import { VirtualClock } from '@mas/testkit/clock';
import { CODE_LASTS_MS, OneTimeCodes } from './one-time-codes';
import { IDLE_MS, LONGEST_MS, MAX_SESSIONS, MAX_SESSIONS_PER_VIEWER, Sessions, type Visitor } from './sessions';

class Someone implements Visitor {
  isOpen = true;
  watches = false;
  readonly claims: Visitor['claims'];

  constructor(
    name: string,
    readonly tokenEndsAtMs = Infinity,
  ) {
    this.claims = { name, isOperator: true };
  }

  isWatching(): boolean {
    return this.watches;
  }

  close(): void {
    this.isOpen = false;
  }
}

let clock: VirtualClock;
let sessions: Sessions<Someone>;

beforeEach(() => {
  clock = new VirtualClock();
  sessions = new Sessions(clock);
});

test('a session is found by its name alone, and ends once it is closed', () => {
  const one = new Someone('one');
  const name = sessions.open(one);
  expect(name).toMatch(/^[\w-]{43}$/);
  expect([sessions.find(name), sessions.find(''), sessions.find(`${name} `)]).toEqual([one, null, null]);
  sessions.close(name);
  expect([sessions.find(name), one.isOpen]).toEqual([null, false]);
});

test('it ends unused for an hour, at the latest after twelve, and with its token; without anybody who asks, too', async () => {
  const [idle, busy, brief, watching] = [new Someone('idle'), new Someone('busy'), new Someone('brief', clock.wallMs() + 60_000), new Someone('watching')];
  watching.watches = true;
  const names = [idle, busy, brief, watching].map((one) => sessions.open(one));
  await clock.advance(60_000);
  expect([idle, brief].map(({ isOpen }) => isOpen)).toEqual([true, false]);
  for (let passedMs = 0; passedMs <= IDLE_MS; passedMs += IDLE_MS / 4) {
    await clock.advance(IDLE_MS / 4);
    sessions.find(names[1] ?? '');
  }
  expect([idle, busy, brief, watching].map(({ isOpen }) => isOpen)).toEqual([false, true, false, true]);
  expect(names.map((name) => sessions.find(name) !== null)).toEqual([false, true, false, true]);
  await clock.advance(LONGEST_MS);
  expect(watching.isOpen).toBe(false);
});

test('who signs in again and again pushes out himself, and nobody else', () => {
  const other = new Someone('other');
  const kept = sessions.open(other);
  const many = Array.from({ length: 3 * MAX_SESSIONS }, () => new Someone('insistent'));
  for (const one of many) sessions.open(one);
  expect(many.filter(({ isOpen }) => isOpen)).toEqual(many.slice(-MAX_SESSIONS_PER_VIEWER));
  expect(sessions.find(kept)).toBe(other);
});

test('there is an end to how many there are: the one that was used longest ago makes room', async () => {
  const many = Array.from({ length: MAX_SESSIONS }, (_, at) => new Someone(`viewer ${at}`));
  const names = many.map((one) => sessions.open(one));
  await clock.advance(1);
  for (const name of names.slice(1)) sessions.find(name);
  sessions.open(new Someone('one more'));
  expect(many.filter(({ isOpen }) => !isOpen)).toEqual([many[0]]);
  sessions.closeAll();
  expect(many.some(({ isOpen }) => isOpen)).toBe(false);
});

test('a one-time code is good once, for an hour, and reads the token then', async () => {
  const codes = new OneTimeCodes(clock);
  let token = 'before';
  const [used, late] = [codes.issue(() => token), codes.issue(() => token)];
  token = 'now';
  expect([codes.redeem(used), codes.redeem(used), codes.redeem('')]).toEqual(['now', null, null]);
  await clock.advance(CODE_LASTS_MS);
  expect(codes.redeem(late)).toBeNull();
});

test('codes that nobody uses are forgotten, the oldest first', () => {
  const codes = new OneTimeCodes(clock);
  const issued = Array.from({ length: 40 }, () => codes.issue(() => 'token'));
  const good = issued.map((code) => codes.redeem(code) !== null);
  expect(good.lastIndexOf(false)).toBe(issued.length - 17);
  expect(good.filter((one) => one)).toHaveLength(16);
});
