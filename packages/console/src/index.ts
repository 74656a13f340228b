export { startConsole, type ConsoleOptions, type ConsoleTls, type RunningConsole } from './console-server';
export type { BucketVerdict, Judge } from './live/judge';
export type { Show } from './show/show';
export type { ShowView } from './api/views';
