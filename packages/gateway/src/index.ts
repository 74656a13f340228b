export { startGateway, type GatewayOptions, type RunningGateway } from './gateway';
export { openApiDocument } from './openapi';
export type { Upstream } from './serve';
