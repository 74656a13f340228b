/** A process that waits says so every ten seconds: the terminal hears it once, and not of a wait that is over in a moment. */
import { News } from './news';

const waiting = (waitingFor: string): string => JSON.stringify({ level: 'info', rm: 3, waitingFor, msg: 'not a member of a cluster yet' });

test('what a process waits for is shown when it says it again, and once; something else is shown as well', () => {
  const news = new News('.mas/cluster.log');
  const heard = ['rm-1, rm-2', 'the operator', 'the operator', 'rm-1', 'rm-1'].map((what) => news.of('rm-3', waiting(what)));
  const shown = (what: string): string => `rm-3 is not a member of the cluster yet, it waits for ${what}`;
  expect(heard).toEqual([null, shown('the operator'), null, shown('rm-1'), null]);
  expect(news.of('rm-2', waiting('the operator'))).toBeNull();
});

test('an end that nobody asked for is shown at once; other lines never are', () => {
  const news = new News('.mas/cluster.log');
  expect(news.of('rm-3', 'ended unexpectedly (exit 2)')).toBe('rm-3 ended unexpectedly (exit 2); see .mas/cluster.log');
  for (const line of ['{"msg":"ready"}', '{"msg":"not a member of a cluster yet"}', '{', 'mas: anything', ''])
    expect([news.of('rm-1', line), news.of('rm-1', line)]).toEqual([null, null]);
});
