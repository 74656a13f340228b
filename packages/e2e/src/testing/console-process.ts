/** `mas console` before a cluster under test. */
import { join } from 'node:path';
import { freePort, tempFolder, type TempFolder } from '@mas/test-servers';
import type { Cluster } from '../harness/cluster';
import { MasProcess } from '../harness/mas-process';

export class ConsoleProcess {
  private constructor(
    private readonly folder: TempFolder,
    readonly process: MasProcess,
    readonly address: string,
  ) {}

  static async start(cluster: Cluster, flags: readonly string[] = []): Promise<ConsoleProcess> {
    const folder = await tempFolder('mas-console');
    const port = await freePort();
    const args = ['console', '--listen', `localhost:${port}`, '--tc', cluster.addresses().join(','), '--certs', cluster.certs(), ...flags];
    const started = new MasProcess({ name: 'console', args, folder: join(folder.path, 'console') });
    started.start();
    await started.ready();
    return new ConsoleProcess(folder, started, `https://localhost:${port}`);
  }

  async stop(): Promise<void> {
    if (this.process.running()) await this.process.stop();
    await this.folder.remove();
  }
}
