/**
 * The faults that tests inflict on servers must be the real thing, and no server may outlive its test process: a machine
 * full of forgotten databases makes every later measurement a lie.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { freePort, startMariaDb, startPostgres, startRedis, tempFolder, waitUntil, type TestServer } from '.';
import { answersAsSqlServer } from './sql-server';
import { watchdogCommand, watchOver } from './watchdog';

const started: TestServer[] = [];
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop();
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** One inline Redis command; rejects when nothing is answered within the time. */
function redis(port: number, command: string, timeoutMs = 60_000): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => void socket.write(`${command}\r\n`));
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error('no answer')));
    socket.once('error', reject);
    socket.once('data', (reply) => {
      socket.destroy();
      resolve(reply.toString().trim());
    });
  });
}

test('MariaDB: starts, is killed, restarts on the same port, stops and leaves nothing', async () => {
  const server = await startMariaDb();
  started.push(server);
  expect(await answersAsSqlServer(server.port)).toBe(true);
  const firstPid = server.pid;
  await server.kill();
  expect(isAlive(firstPid)).toBe(false);
  expect(await answersAsSqlServer(server.port)).toBe(false);
  await server.restart();
  expect(server.pid).not.toBe(firstPid);
  expect(await answersAsSqlServer(server.port)).toBe(true);
  await server.stop();
  expect(existsSync(server.folder)).toBe(false);
  expect(isAlive(server.pid)).toBe(false);
});

test('PostgreSQL: starts, restarts in order, stops and leaves nothing', async () => {
  const server = await startPostgres();
  started.push(server);
  const firstPid = server.pid;
  await server.restart();
  expect([server.pid === firstPid, isAlive(firstPid), isAlive(server.pid)]).toEqual([false, false, true]);
  await server.stop();
  expect([existsSync(server.folder), isAlive(server.pid)]).toEqual([false, false]);
});

test('Redis: a value survives a kill when every write is fsynced; a paused server is silent and comes back', async () => {
  const server = await startRedis({ appendOnly: 'always' });
  started.push(server);
  expect(await redis(server.port, 'SET colour blue')).toBe('+OK');
  await server.kill();
  await server.restart();
  expect(await redis(server.port, 'GET colour')).toContain('blue');
  server.pause();
  await expect(redis(server.port, 'PING', 200)).rejects.toThrow('no answer');
  server.resume();
  expect(await redis(server.port, 'PING')).toBe('+PONG');
});

test('a server dies with its test process, even when that is killed', async () => {
  const folder = await tempFolder('mas-watchdog');
  const victimFolder = join(folder.path, 'victim');
  mkdirSync(victimFolder);
  const victim = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  victim.unref();
  const victimPid = victim.pid ?? -1;
  // Stands for the test process: it alone holds the watchdog's pipe, and is killed without a chance to clean up.
  const script = `const { program, args, options } = JSON.parse(process.argv[1]);
    require('node:child_process').spawn(program, args, options).once('spawn', () => console.log('armed'));`;
  const command = JSON.stringify(watchdogCommand(victimPid, victimFolder));
  const owner = spawn(process.execPath, ['-e', script, command], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve) => owner.stdout.once('data', () => resolve()));
  expect(isAlive(victimPid)).toBe(true);
  owner.kill('SIGKILL');
  await waitUntil('the watchdog ended the victim', () => !isAlive(victimPid));
  await waitUntil('its folder is removed', () => !existsSync(victimFolder));
  await folder.remove();
});

test('a disarmed watchdog goes away and touches nothing', async () => {
  const folder = await tempFolder('mas-watchdog');
  const bystander = spawn('sleep', ['600'], { stdio: 'ignore' });
  const watchdog = watchOver(bystander.pid ?? -1, folder.path);
  await watchdog.disarm();
  expect(isAlive(bystander.pid ?? -1)).toBe(true);
  expect(existsSync(folder.path)).toBe(true);
  bystander.kill('SIGKILL');
  await folder.remove();
});

test('MariaDB with large buffers, as benchmarks want it, starts', async () => {
  const server = await startMariaDb({ memory: 'large' });
  started.push(server);
  expect(await answersAsSqlServer(server.port)).toBe(true);
  const { size } = await stat(join(server.folder, 'data', 'ib_logfile0'));
  expect(size).toBe(512 * 1024 * 1024);
});

test('a server that cannot start says why', async () => {
  await expect(startMariaDb({ extraArgs: ['--no-such-option=1'] })).rejects.toThrow(/did not start.*\n[^]*no-such-option/);
});

test('freePort gives ports that are free and below the range of outgoing connections', async () => {
  const port = await freePort();
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_768);
});
