// Models from outside: programs in any language that answer in Arrow.
export * from './outside-forecaster';
export * from './outside-process';
export { OUTSIDE_PROTOCOL } from './outside-protocol';
