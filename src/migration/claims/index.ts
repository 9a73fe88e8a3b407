// Claims: who may start the migration of a window.
export * from './claim';
export * from './claim-store';
export * from './check-window';
export * from './claim-window';
