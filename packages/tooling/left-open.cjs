/**
 * Says which test file has left what open: sockets, servers, processes. Only where all files run in one process (--runInBand), and after a
 * moment in which what was being closed is closed. What stays open holds the run up at its end, where nobody can tell whose it is.
 */
const GRACE_MS = 2_000;
const LOOK_EVERY_MS = 100;
const { sep, relative } = require('node:path');

class LeftOpen {
  constructor(globalConfig) {
    this.rootDir = globalConfig.rootDir;
    this.known = new WeakSet(handles());
    this.found = [];
  }

  async onTestFileResult(test) {
    const left = await stillOpen(this.known);
    for (const handle of left) this.known.add(handle);
    if (left.length > 0) this.found.push([relative(this.rootDir, test.path).split(sep).join('/'), left.map(described)]);
  }

  onRunComplete() {
    for (const [file, left] of this.found) console.error(`left open by ${file}:\n${left.map((text) => `  ${text}\n`).join('')}`);
  }
}

async function stillOpen(known) {
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

module.exports = LeftOpen;
