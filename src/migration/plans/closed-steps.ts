// Steps of the night's day in which a VM may not be migrated, and why: calendars, rest, what it is.
import { DAY_MS, formatInstant, type EpochMs } from '../../core';
import {
  calendarBook,
  calendarsOf,
  differenceOf,
  type NamedCalendar,
  type Span,
} from '../calendars';
import { DRAIN_DEFAULTS, type PlanVm } from './drain-inputs';
import { namedCalendars, type PlanStore, type VmTrait } from './plan-records';

export interface ClosedSteps {
  /** (vms, steps) 1 = in no window. */
  readonly barred: Uint8Array;
  /** By row, in words: what closes it, for where nothing is left. */
  readonly reasons: ReadonlyMap<number, string>;
}

/** undefined where nothing is closed for any of the VMs: the usual night. */
export async function closedSteps(
  store: PlanStore,
  tenantId: string,
  vms: readonly PlanVm[],
  cutoffMs: EpochMs,
  stepMs: number,
): Promise<ClosedSteps | undefined> {
  const calendars = await namedCalendars(store, tenantId);
  const ids = vms.map(({ vmId }) => vmId);
  const traits = new Map(
    (await store.list(tenantId, 'trait', ids)).map(({ id, record }) => [id, record]),
  );
  if (calendars.length === 0 && traits.size === 0) return undefined;
  const day = { fromMs: cutoffMs, toMs: cutoffMs + DAY_MS };
  const allowedOf = calendarBook(calendars, day.fromMs, day.toMs);
  const steps = DAY_MS / stepMs;
  const barred = new Uint8Array(vms.length * steps);
  const reasons = new Map<number, string>();
  vms.forEach((vm, row) => {
    const trait = traits.get(vm.vmId);
    const subject = { ...vm, tags: trait?.tags ?? [] };
    const open = openSpans(allowedOf(subject), trait, cutoffMs);
    const closed = differenceOf([day], open);
    if (closed.length === 0) return;
    for (const { fromMs, toMs } of closed) {
      const first = Math.floor((fromMs - cutoffMs) / stepMs);
      const end = Math.ceil((toMs - cutoffMs) / stepMs);
      barred.fill(1, row * steps + first, row * steps + end);
    }
    reasons.set(row, reasonOf(calendarsOf(calendars, subject), trait));
  });
  return reasons.size === 0 ? undefined : { barred, reasons };
}

function openSpans(
  allowed: readonly Span[],
  trait: VmTrait | undefined,
  cutoffMs: EpochMs,
): readonly Span[] {
  if (trait?.cannotMigrate !== undefined) return [];
  const restedMs = (trait?.lastMigratedMs ?? -Infinity) + DRAIN_DEFAULTS.coolDownMs;
  if (restedMs <= cutoffMs) return allowed;
  return differenceOf(allowed, [{ fromMs: cutoffMs, toMs: restedMs }]);
}

function reasonOf(about: readonly NamedCalendar[], trait: VmTrait | undefined): string {
  if (trait?.cannotMigrate !== undefined) {
    return `it cannot be migrated: ${trait.cannotMigrate}; mend it with PUT /v1/traits`;
  }
  const names = about.map(({ calendarId, calendar }) => `'${calendarId}' (${calendar.kind})`);
  const rest =
    trait?.lastMigratedMs === undefined
      ? []
      : [`the rest until ${formatInstant(trait.lastMigratedMs + DRAIN_DEFAULTS.coolDownMs)}`];
  const what = names.length === 0 ? rest : [`calendars ${names.join(', ')}`, ...rest];
  return `${what.join(' and ')} leave no span of the day that is long enough`;
}
