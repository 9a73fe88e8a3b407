// From a window to a real migration and its outcome.
export * from './choose-window';
export * from './execute-window';
export * from './journal';
export * from './migration-executor';
export * from './window-service';
