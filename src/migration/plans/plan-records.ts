// What operators tell about hosts, VMs, and groups, and the plans made of it.
import { z } from 'zod';
import { VM_ID } from '../../core';
import type { Calendar, NamedCalendar } from '../calendars';

const MEMBERS_MAX = 10_000;
const bytes = z.number().int().positive();
const name = z.string().min(1).max(200);
const vmId = z.string().regex(VM_ID, 'not a VM id');

export const hostSchema = z.strictObject({
  cluster: name.optional(),
  /** Physical cores that VMs may use. */
  cores: z.number().positive().max(100_000).optional(),
  memoryBytes: bytes.optional(),
  /** What all its migrations send together. */
  bandwidthBytesPerSec: z.number().positive().optional(),
  linkBytesPerSec: z.number().positive().optional(),
  /** A host that is not up receives no VM. */
  state: z.enum(['up', 'draining', 'down']).optional(),
});

export const traitSchema = z.strictObject({
  tags: z.array(name).max(100).optional(),
  /** Why it can never be migrated: "passthrough of GPU 3b:00.0". */
  cannotMigrate: z.string().min(1).max(300).optional(),
  usedMemoryBytes: bytes.optional(),
  lastMigratedMs: z.number().int().nonnegative().optional(),
  /** The VM's own limit; the lesser of it and the plan's counts. */
  maxDowntimeMs: z.number().positive().optional(),
});

export const groupSchema = z.strictObject({
  /** apart: never two of them in flight at once. order: each after the one before it. */
  kind: z.enum(['apart', 'order']),
  vmIds: z.array(vmId).min(2).max(MEMBERS_MAX),
});

export type HostRecord = z.output<typeof hostSchema>;
export type VmTrait = z.output<typeof traitSchema>;
export type MoveGroup = z.output<typeof groupSchema>;

/** Everything a plan is kept by, by kind. */
export interface PlanRecords {
  readonly calendar: Calendar;
  readonly host: HostRecord;
  readonly trait: VmTrait;
  readonly group: MoveGroup;
  readonly 'drain-plan': DrainPlan;
  readonly 'upgrade-plan': UpgradePlan;
}

export type PlanRecordKind = keyof PlanRecords;

export interface NamedRecord<K extends PlanRecordKind> {
  readonly id: string;
  readonly record: PlanRecords[K];
}

/** Twins: memory and PostgreSQL. Records of one tenant, by kind and id. */
export abstract class PlanStore {
  /** Replaces the record of that id. */
  abstract put<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    records: readonly NamedRecord<K>[],
  ): Promise<void>;

  abstract find<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    id: string,
  ): Promise<PlanRecords[K] | undefined>;

  /** By id; the named ones only where `ids` is given. */
  abstract list<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    ids?: readonly string[],
  ): Promise<readonly NamedRecord<K>[]>;

  /** false when there was none. */
  abstract remove(tenantId: string, kind: PlanRecordKind, id: string): Promise<boolean>;
}

/** The tenant's calendars as plans and windows read them. */
export async function namedCalendars(
  store: PlanStore,
  tenantId: string,
): Promise<readonly NamedCalendar[]> {
  const found = await store.list(tenantId, 'calendar');
  return found.map(({ id, record }) => ({ calendarId: id, calendar: record }));
}

interface Quantiles {
  readonly p50: number;
  readonly p95: number;
}

export interface PlannedMove {
  readonly vmId: string;
  readonly target: string;
  readonly startMs: number;
  /** The time that is kept free for it: its expected total time on the plan's grid. */
  readonly endMs: number;
  readonly mode: 'pre-copy' | 'auto-converge' | 'post-copy';
  /** At most so many are in flight while it runs, itself included. */
  readonly parallelMax: number;
  readonly loadPct: number;
  readonly totalTimeMs: Quantiles;
  readonly downtimeMs: Quantiles;
  readonly bytesSent: Quantiles;
  readonly successProb: number;
  /** Expected, busy vCPU-seconds lost. */
  readonly harm: number;
}

export const BLOCKER_CODES = [
  'cannot-migrate',
  'memory-unknown',
  'no-forecast',
  'too-big',
  'no-target',
  'downtime',
  'duration',
  'cool-down',
  'calendar',
  'order',
  'time',
] as const;

export interface Blocker {
  readonly vmId: string;
  readonly code: (typeof BLOCKER_CODES)[number];
  readonly reason: string;
  /** What would unblock it, each by itself. */
  readonly unblock: readonly string[];
}

export interface DrainPlan {
  readonly planId: string;
  readonly host: string;
  readonly cluster?: string;
  readonly createdMs: number;
  readonly byMs: number;
  /** empty: there is no VM on the host. */
  readonly status: 'complete' | 'partial' | 'blocked' | 'empty';
  /** In the order of their starts. */
  readonly moves: readonly PlannedMove[];
  readonly blockers: readonly Blocker[];
  readonly limits: {
    readonly maxDowntimeMs: number;
    readonly maxDurationMs?: number;
    readonly parallelMax: number;
    readonly incomingMax: number;
    readonly coolDownMs: number;
    readonly bandwidthBytesPerSec: number;
    readonly linkBytesPerSec: number;
  };
  readonly harm: {
    /** Busy vCPU-seconds lost, expected, over all moves. */
    readonly expected: number;
    /** No plan of the same moves has less. */
    readonly bound: number;
    readonly gapPct: number;
  };
  /** When the last move ends: as planned, and in 19 of 20 draws of all durations. */
  readonly emptyAtMs?: number;
  readonly emptyAtMsP95?: number;
  /** Share of draws in which every move of the plan ends before the deadline. */
  readonly inTimeProb: number;
  readonly notes: readonly string[];
}

/** One host of a rolling upgrade. */
export type HostUpgrade =
  | {
      readonly host: string;
      readonly status: 'planned';
      /** From here it receives no VM; its moves lie before emptyAtMs. */
      readonly outAtMs: number;
      readonly emptyAtMs: number;
      /** Upgraded, and receives VMs again. */
      readonly backAtMs: number;
      readonly moves: readonly PlannedMove[];
      /** Of its drain within the time that it is given. */
      readonly harm: DrainPlan['harm'];
      readonly inTimeProb: number;
    }
  | {
      readonly host: string;
      /** It is left as it is: a host that is emptied in part cannot be upgraded. */
      readonly status: 'blocked';
      readonly reason: string;
      readonly blockers: readonly Blocker[];
    };

export interface UpgradePlan {
  readonly planId: string;
  readonly cluster: string;
  readonly createdMs: number;
  readonly byMs: number;
  readonly status: 'complete' | 'partial' | 'blocked';
  /** In the order of their turns; blocked ones last. */
  readonly hosts: readonly HostUpgrade[];
  readonly hostMs: number;
  readonly capacityFloor: number;
  /** Least share of the cluster's cores that is in service at any time. */
  readonly leastCapacity: number;
  readonly moveCount: number;
  /** VMs that are moved more than once. */
  readonly movedAgain: number;
  readonly harm: number;
  readonly endMs?: number;
  readonly notes: readonly string[];
}
