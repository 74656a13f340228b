export { Cluster, type ClusterOptions } from './harness/cluster';
export { signerOf, type ClientOptions } from './harness/access';
export { Links } from './harness/links';
export { MasProcess, type LogLine } from './harness/mas-process';
export { numberIn, numbersIn } from './harness/names';
export { TcpProxy, type ProxyMode } from './harness/tcp-proxy';
export { onStopAsked } from './harness/stop-asked';
