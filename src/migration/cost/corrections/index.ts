// What migrations taught about predicted costs, and how far it is believed.
export * from './correction-levels';
export * from './cost-corrections';
export * from './judge-corrections';
export * from './row-corrections';
export * from './cost-learner';
