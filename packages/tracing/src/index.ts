export { PaymentTraces } from './payment-traces';
export { startTracing, tracingIsOn, type Tracing } from './start-tracing';
export { tracedCoordinator, tracedIndex } from './traced-coordinator';
export { tracedParticipant } from './traced-participant';
