// Twins that need no server: what the composition root may see.
export * from './embedded-postgres';
export * from './memory-role-lease';
export * from './data-folder';
export * from './memory-tenants';
