export * from './lock-store';
