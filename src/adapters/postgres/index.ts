// PostgreSQL: what the composition root may see.
export * from './database';
export * from './migrate';
