/**
 * The environment of integration tests: says which file has left what open (sockets, servers, processes), after a moment in which what was
 * being closed is closed. What stays open holds its worker up at the end, where nobody can tell whose it is.
 */
const { relative } = require('node:path');
const { TestEnvironment } = require('jest-environment-node');

const GRACE_MS = 2_000;
const LOOK_EVERY_MS = 100;
const known = (process[Symbol.for('mas.known-handles')] ??= new WeakSet());

class LeftOpenEnvironment extends TestEnvironment {
  constructor(config, context) {
    super(config, context);
    this.file = relative(config.globalConfig.rootDir, context.testPath);
    for (const handle of handles()) known.add(handle);
  }

  async teardown() {
    const left = await stillOpen();
    for (const handle of left) known.add(handle);
    if (left.length > 0) process.stderr.write(`left open by ${this.file}:\n${left.map((handle) => `  ${described(handle)}\n`).join('')}`);
    await super.teardown();
  }
}

async function stillOpen() {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const left = handles().filter((handle) => !known.has(handle));
    if (left.length === 0 || waitedMs >= GRACE_MS) return left;
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What is closed, and what does not hold a process up, is not open. */
function handles() {
  return process._getActiveHandles().filter((handle) => !handle.destroyed && !(handle.fd >= 0 && handle.fd <= 2));
}

function described(handle) {
  if (handle.spawnfile !== undefined) return `process ${handle.pid}: ${(handle.spawnargs ?? []).join(' ').slice(0, 200)}`;
  if (typeof handle.address === 'function' && handle.remotePort === undefined) return `${handle.constructor.name} at ${JSON.stringify(handle.address())}`;
  return `${handle.constructor.name} ${handle.localAddress}:${handle.localPort} to ${handle.remoteAddress}:${handle.remotePort}, ${handle.readyState}${handle.isPaused?.() ? ', paused' : ''}`;
}

module.exports = LeftOpenEnvironment;
