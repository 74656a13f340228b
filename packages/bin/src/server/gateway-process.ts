/** `mas gateway`: the public service as JSON over HTTPS. It holds no data, no token key and no certificate that a Resource Manager would let in. */
import { MasClient, readsInTime, RetryingChannel, type ChannelOptions } from '@mas/client';
import { startGateway, type Upstream } from '@mas/gateway';
import { readSettings } from '../config/setting';
import { Lifecycle } from '../platform/lifecycle';
import { createLogger } from '../platform/pino-logger';
import { systemClock } from '../platform/system-clock';
import { ownVersion } from '../platform/version';
import { UsageError } from '../usage-error';
import { gatewaySettings } from './gateway-settings';
import { OwnCertificates } from './own-certificates';
import { readTlsIdentity } from './process-files';

const DRAIN_MS = 5_000;
/** As long as a caller of the gateway may wait. */
const MAX_CALL_MS = 60_000;

/** Runs until a signal. @throws UsageError for wrong settings, before anything is opened. */
export async function runGateway(flags: Readonly<Record<string, unknown>>): Promise<void> {
  const settings = readSettings(gatewaySettings, flags, process.env);
  const tls = readTlsIdentity(settings.certs, 'gateway');
  const logger = createLogger({ level: settings.logLevel, format: settings.logFormat, base: { process: 'gateway' } });
  const certificates = new OwnCertificates({ folder: settings.certs, name: 'gateway', tls, reloads: { done: 0, refused: 0 }, clock: systemClock, logger });
  const lifecycle = new Lifecycle(logger);
  lifecycle.install();
  const { host, port } = settings.listen;
  const upstream = new Channels(settings.tc, tls.ca);
  lifecycle.onStop('connections to transaction managers', () => Promise.resolve(upstream.close()));
  const gateway = await startGateway({
    host,
    port,
    tls: certificates.tls,
    upstream,
    version: ownVersion(),
    corsOrigins: settings.corsOrigins,
    logger,
  }).catch((error: unknown) => {
    throw new UsageError(`--listen (or MAS_GATEWAY_LISTEN): cannot listen on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`);
  });
  lifecycle.onStop('listener', () => gateway.stop(DRAIN_MS));
  const live = certificates.tls;
  live.onChange(() => {
    gateway.replaceTls(live);
    upstream.trust(live.ca);
  });
  certificates.start();
  lifecycle.onStop('certificates', () => Promise.resolve(certificates.stop()));
  logger.info({ listen: `https://${host}:${gateway.port}`, transactionManagers: settings.tc }, 'ready');
}

/** Connections that are made from now on trust the authorities of now; calls that are under way end where they began. */
class Channels implements Upstream {
  private current: { readonly channel: RetryingChannel; readonly client: MasClient };

  constructor(
    private readonly addresses: readonly string[],
    private ca: Buffer,
  ) {
    this.current = this.open();
  }

  call(...[path, request, lead]: Parameters<Upstream['call']>): Promise<Uint8Array> {
    return this.current.channel.call(path, request, (bytes) => bytes, lead);
  }

  reads(lead: Parameters<Upstream['reads']>[0]): ReturnType<Upstream['reads']> {
    return readsInTime(this.current.client.with(lead));
  }

  trust(ca: Buffer): void {
    if (ca.equals(this.ca)) return;
    const before = this.current;
    this.ca = ca;
    this.current = this.open();
    setTimeout(() => before.channel.close(), MAX_CALL_MS).unref();
  }

  close(): void {
    this.current.channel.close();
  }

  private open(): typeof this.current {
    const options: ChannelOptions = { addresses: this.addresses, ca: this.ca, token: '' };
    const channel = new RetryingChannel(options);
    return { channel, client: new MasClient(options, channel) };
  }
}
