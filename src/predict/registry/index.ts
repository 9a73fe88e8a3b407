// Models of the fleet as versions: what they are, where they lie, which one forecasts.
export * from './model-metrics';
export * from './model-registry';
export * from './champion-models';
export * from './load-model';
export * from './measure-models';
export * from './model-artefact';
export * from './model-card';
export * from './model-gate';
export { championBefore, promoteModel, rollbackModel } from './move-champion';
export type { MoveRequest, PromoteRequest } from './move-champion';
export * from './registry-ports';
export * from './summarise-errors';
export * from './train-versions';
export * from './training-history';
export * from './training-orders';
export * from './vm-classes';
export * from './vm-errors';
