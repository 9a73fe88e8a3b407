// Plans: hosts that are emptied, under what operators allow.
export * from './advise-cluster';
export * from './drain-inputs';
export { refuseCycle } from './group-order';
export { planDrain } from './plan-drain';
export * from './plan-load';
export * from './plan-records';
export { planUpgrade } from './plan-upgrade';
export { UPGRADE_DEFAULTS, type UpgradeRequest } from './upgrade-request';
