// What an executor remembers across a crash: written down before the hypervisor is asked.
import type { EpochMs, Json } from '../../core';
import type { OutcomeInput } from '../outcomes';
import type { MigrationOrder } from './migration-executor';

/** A migration that was, or may have been, started and whose outcome is not with the service yet. */
export interface OpenMigration {
  readonly order: MigrationOrder;
  readonly evidence: Json;
  readonly startedAtMs: EpochMs;
  /** Known, but not yet acknowledged by the service. */
  readonly outcome?: OutcomeInput;
}

export abstract class Journal {
  /** Durable when it resolves. A second call for the same VM and token replaces the first. */
  abstract open(entry: OpenMigration): Promise<void>;

  /** The service has the outcome. */
  abstract close(vmId: string, token: number): Promise<void>;

  abstract unfinished(): readonly OpenMigration[];
}
