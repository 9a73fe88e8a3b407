// Every schema change, in order. Names end in the number that TypeORM sorts by (epoch ms).
import type { MigrationInterface } from 'typeorm';
import { Tenancy1764000000001 } from './0001-tenancy';

/** Append only; what was released is never edited. */
export const MIGRATIONS: readonly (new () => MigrationInterface & { readonly name: string })[] = [
  Tenancy1764000000001,
];
