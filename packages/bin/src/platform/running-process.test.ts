/** A note of a process is believed only while that very process runs. */
import { spawn } from 'node:child_process';
import { isRunningAsMine, ownIdentity } from './running-process';

test('this process runs; the same pid with another start does not', () => {
  const own = ownIdentity();
  expect(isRunningAsMine(own)).toBe(true);
  expect(isRunningAsMine({ ...own, started: `${own.started}1` })).toBe(false);
});

test('a process that was killed does not run', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)'], { stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  expect(isRunningAsMine({ pid: child.pid ?? 0, started: '' })).toBe(false);
});
