// The backtest: the only source of accuracy figures.
export * from './forecast-lines';
export type { MemberRequest } from './forecast-member';
export * from './judge-structure';
export * from './origins';
export * from './panel';
export * from './read-m4';
export * from './reference-errors';
export * from './run-backtest';
export * from './score-block';
export * from './score-m4';
