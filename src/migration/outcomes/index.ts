// Outcomes: what migrations really did.
export * from './cost-coverage';
export * from './judge-outcome';
export * from './outcome-event';
export * from './outcome-schema';
export * from './outcome-store';
export * from './relay-outcomes';
export * from './report-outcome';
export * from './settle-outcome';
