export { PROCESS_METRICS, type ProcessNumbers } from './definitions/process-metrics';
export { RESOURCE_MANAGER_METRICS, type ResourceManagerProcessNumbers } from './definitions/resource-manager-metrics';
export { TRANSACTION_MANAGER_METRICS, type TransactionManagerNumbers } from './definitions/coordinator-metrics';
export { listenForScrapes, type MetricsListener, type MetricsListenerOptions } from './listener';
export { MetricsPage } from './page';
