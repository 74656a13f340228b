export { startGateway, type GatewayOptions, type RunningGateway, type Upstream } from './gateway';
export { openApiDocument } from './openapi';
