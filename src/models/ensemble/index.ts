// The choice among models, per VM and lead.
export * from './choose-members';
export * from './combine-forecasts';
export * from './fleet-losses';
export * from './member-losses';
export * from './night-losses';
