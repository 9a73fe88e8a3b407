// A hypervisor whose state is a folder, so that it outlives the processes that ask it.
import { appendFileSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from '../../src/core';
import {
  MigrationExecutor,
  type MigrationOrder,
  type Preparation,
  type Sight,
} from '../../src/migration';

const LENGTH_MS = 50;
/** Of VMs that are called so nobody can tell what became of them. */
const LOST = 'lost-';

export class FileHypervisor extends MigrationExecutor {
  override readonly kind = 'other';
  override readonly vmIds = [];

  constructor(private readonly folder: string) {
    super();
  }

  /** How often a migration of the VM was started. */
  starts(vmId: string): number {
    const path = join(this.folder, vmId);
    return existsSync(path) ? readFileSync(path, 'utf8').length : 0;
  }

  override prepare({ vmId }: MigrationOrder): Promise<Preparation> {
    return Promise.resolve({ evidence: this.starts(vmId), settings: {} });
  }

  override start({ vmId }: MigrationOrder): Promise<void> {
    appendFileSync(join(this.folder, vmId), '+');
    return Promise.resolve();
  }

  override look({ vmId }: MigrationOrder, evidence: Json): Promise<Sight> {
    if (vmId.startsWith(LOST)) return Promise.resolve({ state: 'unknown', detail: 'no answer' });
    if (this.starts(vmId) <= Number(evidence)) {
      return Promise.resolve({ state: 'none', detail: 'no start since' });
    }
    const ageMs = Date.now() - statSync(join(this.folder, vmId)).mtimeMs;
    if (ageMs < LENGTH_MS) return Promise.resolve({ state: 'running' });
    return Promise.resolve({ state: 'ended', report: { status: 'completed', totalTimeMs: 900 } });
  }

  override cancel(): Promise<void> {
    return Promise.resolve();
  }

  override close(): Promise<void> {
    return Promise.resolve();
  }
}
