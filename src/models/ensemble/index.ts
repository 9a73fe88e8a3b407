// The choice among models, per VM and lead.
export * from './choose-members';
export * from './combine-forecasts';
export * from './ensemble-forecaster';
export * from './fleet-losses';
export * from './member-losses';
