// Words everyone shares; imports nothing of Slackwater.
export * from './canonical-json';
export * from './clock';
export * from './crc32c';
export * from './errors';
export * from './ids';
export * from './quantiles';
export * from './random';
export * from './series';
export * from './time';
export * from './token-store';
