// Configuration: one described schema, read once, frozen.
export * from './config-docs';
export * from './read-config';
export * from './service-address';
export { isSecret } from './schema';
export type { Config, SettingName } from './schema';
