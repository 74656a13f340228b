export { Cluster, type ClusterOptions } from './harness/cluster';
export { MasProcess, type LogLine } from './harness/mas-process';
export { TcpProxy, type ProxyMode } from './harness/tcp-proxy';
