/** The metrics and health of `mas rm` and `mas tc`: a page that grows with the process, and its listener. */
import { listenForScrapes, MetricsPage, PROCESS_METRICS, type MetricsListener, type ProcessNumbers } from '@mas/metrics';
import type { HostPort } from '../config/host-port';
import type { MetricsAddress } from '../config/metrics-address';
import { metricsAddressOf } from '../config/metrics-address';
import type { ProcessLogger } from '../platform/pino-logger';
import { describeVersion } from '../platform/version';
import { UsageError } from '../usage-error';
import { MachineNumbers } from './process-numbers';

export interface ProcessMetricsOptions {
  readonly role: 'rm' | 'tc';
  readonly id: string;
  readonly dataFolder: string;
  readonly listen: HostPort;
  readonly metricsListen: MetricsAddress;
  readonly credentials: () => Pick<ProcessNumbers, 'certificates' | 'tokenKeys' | 'reloads'>;
  readonly logger: ProcessLogger;
}

export class ProcessMetrics {
  readonly page = new MetricsPage();
  /** As /readyz and grpc.health.v1 say. */
  isServing = false;
  private machine: MachineNumbers | null = null;
  private listener: MetricsListener | null = null;

  private constructor(private readonly options: ProcessMetricsOptions) {}

  /** Listens, so that health is there while the process still waits for others. @throws UsageError where an address that was given cannot be used */
  static async open(options: ProcessMetricsOptions): Promise<ProcessMetrics> {
    const metrics = new ProcessMetrics(options);
    const address = metricsAddressOf(options.metricsListen, options.listen);
    if (address !== null) await metrics.listen(address);
    return metrics;
  }

  /** For the line that says `ready`; null: nowhere. */
  get address(): string | null {
    const { listener, options } = this;
    return listener === null ? null : `http://${metricsAddressOf(options.metricsListen, options.listen)?.host ?? ''}:${listener.port}/metrics`;
  }

  async close(): Promise<void> {
    await this.listener?.close();
    this.machine?.stop();
  }

  private async listen({ host, port }: HostPort): Promise<void> {
    const { options, page } = this;
    const { logger, metricsListen } = options;
    try {
      this.listener = await listenForScrapes({ host, port, page, isReady: () => this.isServing, logger });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (metricsListen !== 'auto') throw new UsageError(`--metrics-listen (or MAS_METRICS_LISTEN): cannot listen on ${host}:${port}: ${reason}`);
      // Nobody has chosen this port: the process goes on without, and whoever scrapes it sees that.
      logger.warn({ address: `${host}:${port}`, reason }, 'no metrics are served: the port is taken; choose another with --metrics-listen, or none');
      return;
    }
    this.machine = new MachineNumbers(options.dataFolder);
    page.add(PROCESS_METRICS, () => this.take());
  }

  private take(): ProcessNumbers | null {
    const { machine, options, isServing } = this;
    if (machine === null) return null;
    const { role, id, credentials } = options;
    return { version: describeVersion(), role, id, isServing, ...machine.take(), ...credentials() };
  }
}
