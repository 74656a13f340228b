/** What every process says of itself, whatever it does. Where exporters have a usual name for it, it has that one. */
import { definitionsFor, flag, seconds } from '../definition';

export interface ProcessNumbers {
  readonly version: string;
  readonly role: 'rm' | 'tc';
  readonly id: string;
  readonly isServing: boolean;
  readonly startedAtMs: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly heapUsedBytes: number;
  readonly heapLimitBytes: number;
  readonly openFiles: number | null;
  /** How late the event loop came to its timers, since the last look. */
  readonly eventLoopDelay: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
  /** Of the volume of the data folder; null where the system does not say. */
  readonly dataVolume: { readonly freeBytes: number; readonly sizeBytes: number } | null;
  /** By the name of their file. */
  readonly certificates: readonly { readonly file: string; readonly untilMs: number }[];
  /** The key that signs comes first. */
  readonly tokenKeys: readonly { readonly keyId: string; readonly isSigning: boolean; readonly sinceMs: number }[];
  /** Since the start: new certificates or keys taken over, and such that were refused. */
  readonly reloads: { readonly done: number; readonly refused: number };
}

const { gauge, counter, labelled } = definitionsFor<ProcessNumbers>();

export const PROCESS_METRICS = [
  labelled('gauge', 'mas_build_info', ['version', 'role', 'id'], 'Always 1; the labels say which process of which version this is', (process) => [
    { labels: [process.version, process.role, process.id], value: 1 },
  ]),
  gauge('mas_ready', '1 while the process serves, as /readyz says', (process) => flag(process.isServing)),
  gauge('process_start_time_seconds', 'When the process started, since the Unix epoch', (process) => seconds(process.startedAtMs)),
  counter('process_cpu_seconds_total', 'Processor time, of the user and the system', (process) => seconds(process.cpuMs)),
  gauge('process_resident_memory_bytes', 'Memory that the process has in RAM', (process) => process.residentBytes),
  gauge('process_open_fds', 'Open files and sockets', (process) => process.openFiles),
  gauge('nodejs_heap_size_used_bytes', 'What lives in the heap, garbage included', (process) => process.heapUsedBytes),
  gauge('nodejs_heap_size_limit_bytes', 'Where the heap ends (--max-old-space-size)', (process) => process.heapLimitBytes),
  labelled(
    'gauge',
    'mas_event_loop_delay_seconds',
    ['percentile'],
    'How late the event loop came to its timers since the last scrape',
    ({ eventLoopDelay: { p50Ms, p99Ms, maxMs } }) => [
      { labels: ['50'], value: seconds(p50Ms) },
      { labels: ['99'], value: seconds(p99Ms) },
      { labels: ['100'], value: seconds(maxMs) },
    ],
  ),
  gauge('mas_data_volume_free_bytes', 'What this user may still write on the volume of the data folder', (process) => process.dataVolume?.freeBytes ?? null),
  gauge('mas_data_volume_size_bytes', 'Size of the volume of the data folder', (process) => process.dataVolume?.sizeBytes ?? null),
  labelled(
    'gauge',
    'mas_certificate_expiry_timestamp_seconds',
    ['file'],
    'When a certificate in use ends, since the Unix epoch; of several authorities, the last that ends',
    (process) => process.certificates.map(({ file, untilMs }) => ({ labels: [file], value: seconds(untilMs) })),
  ),
  labelled(
    'gauge',
    'mas_token_key_timestamp_seconds',
    ['kid', 'use'],
    'Since when a token key has been as it is: the time of its file. A key has no end of its own; use is sign or verify',
    (process) => process.tokenKeys.map(({ keyId, isSigning, sinceMs }) => ({ labels: [keyId, isSigning ? 'sign' : 'verify'], value: seconds(sinceMs) })),
  ),
  counter('mas_reloads_total', 'Certificates, token keys or log levels taken over without a restart', (process) => process.reloads.done),
  counter('mas_reloads_refused_total', 'Changed files that could not be used; what was in use stays so', (process) => process.reloads.refused),
];
