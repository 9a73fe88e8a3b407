// Configuration: one described schema, read once, frozen.
export * from './config-docs';
export * from './read-config';
export type { Config, SettingName } from './schema';
