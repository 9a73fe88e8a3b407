// One drain with all that its numbers mean: VMs with targets and costs, the grid, the problem.
import { DAY_MS, FIVE_MINUTES_MS } from '../../core';
import { calendarBook } from '../calendars';
import {
  stepMsOf,
  type DrainInputs,
  type DrainLimits,
  type DrainRequest,
  type PlanVm,
} from './drain-inputs';
import type { DrainProblem, MoveOptions } from './drain-problem';
import { MoveCosts, moveOptions, type Grid } from './move-options';
import type { Target } from './pack-targets';
import type { PlanLoad } from './plan-load';

/** A VM that may be moved. */
export interface Mover {
  readonly vm: PlanVm & { readonly memoryBytes: number; readonly usedMemoryBytes?: number };
  readonly load: PlanLoad;
  readonly costs: MoveCosts;
  readonly target: Target;
  readonly options: MoveOptions;
}

/** Everything about one drain that the naming of blockers asks for. */
export interface DrainCase {
  readonly request: DrainRequest;
  readonly inputs: DrainInputs;
  readonly limits: DrainLimits;
  /** To a day after the deadline: what would be possible later is told. */
  readonly grid: Grid;
  readonly problem: DrainProblem;
  readonly movers: readonly Mover[];
}

export function caseOf(
  request: DrainRequest,
  inputs: DrainInputs,
  limits: DrainLimits,
  vms: readonly Mover['vm'][],
  targets: readonly Target[],
  targetOf: Int32Array,
): DrainCase {
  const { byMs } = request;
  const stepMs = stepMsOf(byMs - inputs.nowMs);
  const startMs = Math.ceil((inputs.nowMs + 1) / stepMs) * stepMs;
  const steps = Math.max(0, Math.floor((byMs - startMs) / stepMs));
  const grid = { startMs, stepMs, steps: steps + Math.round(DAY_MS / stepMs) };
  const costs = new Map<number, MoveCosts>();
  const endMs = startMs + grid.steps * stepMs;
  const allowedOf = calendarBook(inputs.calendars, startMs, endMs);
  const movers = vms.flatMap((vm, at) => {
    if (targetOf[at] < 0) return [];
    const trait = inputs.traits.get(vm.vmId);
    const maxDowntimeMs = Math.min(limits.maxDowntimeMs, trait?.maxDowntimeMs ?? Infinity);
    let priced = costs.get(maxDowntimeMs);
    if (priced === undefined) {
      priced = new MoveCosts({ ...limits, maxDowntimeMs });
      costs.set(maxDowntimeMs, priced);
    }
    const sized = { ...vm, usedMemoryBytes: trait?.usedMemoryBytes };
    const load = inputs.loads.get(vm.vmId) as PlanLoad;
    const target = targets[targetOf[at]];
    const tags = trait?.tags ?? [];
    const allowed = allowedOf({ ...vm, tags }, target.host);
    const lastMs = trait?.lastMigratedMs;
    const earliestMs = lastMs === undefined ? startMs : lastMs + limits.coolDownMs;
    const options = moveOptions(priced, sized, load, grid, { allowed, earliestMs });
    return [{ vm: sized, load, costs: priced, target, options }];
  });
  const problem = problemOf(movers, inputs, limits, targets, { steps, stepMs });
  return { request, inputs, limits, grid, problem, movers };
}

function problemOf(
  movers: readonly Mover[],
  { groups }: DrainInputs,
  limits: DrainLimits,
  targets: readonly Target[],
  { steps, stepMs }: { readonly steps: number; readonly stepMs: number },
): DrainProblem {
  const at = new Map(movers.map(({ vm }, index) => [vm.vmId, index]));
  const apart = movers.map(() => new Set<number>());
  const after = movers.map(() => new Set<number>());
  for (const { kind, vmIds } of groups) {
    const members = vmIds.flatMap((vmId) => at.get(vmId) ?? []);
    members.forEach((member, place) => {
      if (kind === 'order' && place > 0) after[member].add(members[place - 1]);
      if (kind === 'apart') {
        for (const other of members) if (other !== member) apart[member].add(other);
      }
    });
  }
  return {
    steps,
    stepsPerBin: Math.max(1, Math.round(FIVE_MINUTES_MS / stepMs)),
    moves: movers.map(({ options }) => options),
    inFlightMax: limits.parallelMax,
    targetOf: Int32Array.from(movers, ({ target }) => targets.indexOf(target)),
    targetCount: targets.length,
    incomingMax: limits.incomingMax,
    apart: apart.map((set) => [...set]),
    after: after.map((set) => [...set]),
  };
}
