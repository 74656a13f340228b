/** `mas gateway` before a cluster under test. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, tempFolder, type TempFolder } from '@mas/test-servers';
import type { Cluster } from '../harness/cluster';
import { MasProcess } from '../harness/mas-process';
import { httpsCall } from './https-call';

export class GatewayProcess {
  private constructor(
    private readonly folder: TempFolder,
    private readonly process: MasProcess,
    private readonly address: string,
    private readonly ca: Buffer,
  ) {}

  static async start(cluster: Cluster): Promise<GatewayProcess> {
    const folder = await tempFolder('mas-gateway');
    const port = await freePort();
    const args = ['gateway', '--listen', `localhost:${port}`, '--tc', cluster.addresses().join(','), '--certs', cluster.certs()];
    const started = new MasProcess({ name: 'gateway', args, folder: join(folder.path, 'gateway') });
    started.start();
    await started.ready();
    return new GatewayProcess(folder, started, `https://localhost:${port}`, readFileSync(join(cluster.certs(), 'ca.crt')));
  }

  /** @returns what was answered, whatever its status */
  async get(path: string, token: string): Promise<unknown> {
    const { text } = await httpsCall(`${this.address}${path}`, { ca: this.ca, headers: { authorization: `Bearer ${token}`, prefer: 'wait=60' } });
    return JSON.parse(text);
  }

  async stop(): Promise<void> {
    if (this.process.running()) await this.process.stop();
    await this.folder.remove();
  }
}
