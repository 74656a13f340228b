/** A child notices that its parent is gone, even one that had no time to say so; without a lifeline nothing is watched. */
import { spawn } from 'node:child_process';
import { watchLifeline, LIFELINE_VARIABLE } from './lifeline';

/** Starts a grandchild that reports the end of its fourth pipe, prints its pid, and waits to be killed. */
const PARENT = `
  const { spawn } = require('node:child_process');
  spawn(process.execPath, ['-e', process.argv[1]], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], detached: true });
  setInterval(() => undefined, 1000);
`;
const CHILD = `
  const { Socket } = require('node:net');
  const socket = new Socket({ fd: 3, readable: true, writable: false });
  socket.once('close', () => { console.log('parent gone'); process.exit(0); });
  socket.resume();
  console.log('watching');
`;

test('the kernel closes the pipe of a parent that was killed', async () => {
  const parent = spawn(process.execPath, ['-e', PARENT, CHILD], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  await new Promise<void>((resolve) => {
    parent.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('watching')) resolve();
    });
  });
  const ended = new Promise((resolve) => parent.stdout.once('end', resolve));
  parent.kill('SIGKILL');
  await ended;
  expect(said).toBe('watching\nparent gone\n');
});

test.each([undefined, '', 'x', '99999', '987'])('variable %j: nothing to watch, and nothing is left for children of its own', (value) => {
  const environment: NodeJS.ProcessEnv = value === undefined ? {} : { [LIFELINE_VARIABLE]: value };
  expect(() =>
    watchLifeline(environment, () => {
      throw new Error('called');
    }),
  ).not.toThrow();
  expect(environment).toEqual({});
});
