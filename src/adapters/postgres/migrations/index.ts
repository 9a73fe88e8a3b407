// Every schema change, in order. Names end in the number that TypeORM sorts by (epoch ms).
import type { MigrationInterface } from 'typeorm';
import { Tenancy1764000000001 } from './0001-tenancy';
import { Ledger1764000000002 } from './0002-ledger';
import { Windows1764000000003 } from './0003-windows';
import { Tokens1764000000004 } from './0004-tokens';
import { WindowDocuments1764000000005 } from './0005-window-documents';
import { Plans1764000000006 } from './0006-plans';
import { Models1764000000007 } from './0007-models';
import { Outcomes1764000000008 } from './0008-outcomes';

/** Append only; what was released is never edited. */
export const MIGRATIONS: readonly (new () => MigrationInterface & { readonly name: string })[] = [
  Tenancy1764000000001,
  Ledger1764000000002,
  Windows1764000000003,
  Tokens1764000000004,
  WindowDocuments1764000000005,
  Plans1764000000006,
  Models1764000000007,
  Outcomes1764000000008,
];
