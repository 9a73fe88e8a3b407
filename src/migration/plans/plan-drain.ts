// A drain plan: who goes where and when, who cannot and why, and how far from the best it can be.
import { DAY_MS, formatInstant, hashId, MINUTE_MS, roundTo, seedOf } from '../../core';
import { allowedSpans, intersectionOf, type Span } from '../calendars';
import {
  limitsOf,
  stepMsOf,
  type DrainInputs,
  type DrainLimits,
  type DrainRequest,
  type PlanVm,
} from './drain-inputs';
import type { DrainProblem, MoveOptions, Placement } from './drain-problem';
import { busyVcpusOf, clusterOf, findTargets, roomHours } from './find-targets';
import { finishOdds } from './finish-odds';
import { harmOf, loadWhileMoved, MoveCosts, moveOptions, type Grid } from './move-options';
import { nameBlockers, neverMoves, waitingFor } from './name-blockers';
import { packTargets, type Target } from './pack-targets';
import type { PlanLoad } from './plan-load';
import type { Blocker, DrainPlan, PlannedMove } from './plan-records';
import { solveDrain } from './solve-drain';

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

/** Room is asked for so long after the deadline, as far as a day is like the next. */
const ROOM_AFTER_MS = DAY_MS;

/**
 * Pure: same inputs, same plan. Throws HOST_UNKNOWN, DEADLINE_PAST, REQUEST_INVALID. What cannot be
 * moved is no error but a blocker of the plan, with what would unblock it.
 */
export function planDrain(request: DrainRequest, inputs: DrainInputs): DrainPlan {
  const limits = limitsOf(request, inputs);
  const { host, byMs } = request;
  const { nowMs, tenantId } = inputs;
  const vms = inputs.vms
    .filter((vm) => vm.host === host)
    .toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1));
  const seed = seedOf(tenantId, host, String(byMs));
  const hours = roomHours(nowMs, byMs + ROOM_AFTER_MS);
  const { targets, notes } = findTargets(request, inputs, hours);
  const blockers = vms.flatMap((vm) => neverMoves(vm, inputs) ?? []);
  const stuck = new Set(blockers.map(({ vmId }) => vmId));
  const movable = vms.filter((vm) => !stuck.has(vm.vmId)) as Mover['vm'][];
  const parcels = movable.map((vm) => ({
    vmId: vm.vmId,
    memoryBytes: vm.memoryBytes,
    busyVcpus: busyVcpusOf(vm, inputs, hours),
  }));
  const targetOf = packTargets(parcels, targets, limits, seed);
  const roomless = parcels.filter((_, at) => targetOf[at] < 0);
  for (const { vmId } of roomless) stuck.add(vmId);
  for (const waiting of waitingFor(stuck, vms, inputs.groups)) {
    blockers.push(waiting);
    const at = movable.findIndex(({ vmId }) => vmId === waiting.vmId);
    if (at >= 0) targetOf[at] = -1;
  }
  const drain = caseOf(request, inputs, limits, movable, targets, targetOf);
  const solution = solveDrain(drain.problem, seed);
  blockers.push(...nameBlockers(drain, solution.placements, roomless, targets, notes));
  const moves = plannedMoves(drain, solution.placements);
  return planOf(drain, { vms, moves, blockers, notes, targets, seed, solution });
}

function planOf(
  { request, inputs, limits, grid }: DrainCase,
  found: {
    readonly vms: readonly PlanVm[];
    readonly moves: readonly PlannedMove[];
    readonly blockers: readonly Blocker[];
    readonly notes: readonly string[];
    readonly targets: readonly Target[];
    readonly seed: number;
    readonly solution: { readonly harm: number; readonly bound: number };
  },
): DrainPlan {
  const { host, byMs } = request;
  const { nowMs, tenantId } = inputs;
  const { vms, moves, blockers, notes, seed, solution } = found;
  const odds = finishOdds(moves, byMs, seed);
  const { harm, bound } = solution;
  const cluster = clusterOf(host, inputs);
  const some = moves.length > 0;
  return {
    planId: hashId(tenantId, host, nowMs, byMs, JSON.stringify(request)),
    host,
    ...(cluster !== undefined && { cluster }),
    createdMs: nowMs,
    byMs,
    status:
      vms.length === 0
        ? 'empty'
        : blockers.length === 0
          ? 'complete'
          : some
            ? 'partial'
            : 'blocked',
    moves,
    blockers: blockers.toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1)),
    limits: {
      maxDowntimeMs: limits.maxDowntimeMs,
      ...(limits.maxDurationMs !== undefined && { maxDurationMs: limits.maxDurationMs }),
      parallelMax: limits.parallelMax,
      incomingMax: limits.incomingMax,
      coolDownMs: limits.coolDownMs,
      bandwidthBytesPerSec: limits.bandwidthBytesPerSec,
      linkBytesPerSec: limits.linkBytesPerSec,
    },
    harm: {
      expected: roundTo(harm, 3),
      bound: roundTo(bound, 3),
      gapPct: bound > 0 ? roundTo((harm / bound - 1) * 100, 2) : 0,
    },
    ...(some && {
      emptyAtMs: Math.max(...moves.map(({ endMs }) => endMs)),
      emptyAtMsP95: odds.emptyAtMsP95,
    }),
    inTimeProb: some ? odds.inTimeProb : vms.length === 0 ? 1 : 0,
    notes: [
      ...notes,
      `starts lie on a grid of ${grid.stepMs / MINUTE_MS} min; the last ends by ${formatInstant(byMs)}`,
    ],
  };
}

function caseOf(
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
    const allowed = allowedFor(vm, target.host, inputs, grid);
    const lastMs = trait?.lastMigratedMs;
    const earliestMs = lastMs === undefined ? startMs : lastMs + limits.coolDownMs;
    const options = moveOptions(priced, sized, load, grid, { allowed, earliestMs });
    return [{ vm: sized, load, costs: priced, target, options }];
  });
  const problem = problemOf(movers, inputs, limits, targets, { steps, stepMs });
  return { request, inputs, limits, grid, problem, movers };
}

/** Calendars about the VM, and those about the host that would receive it. */
function allowedFor(vm: PlanVm, target: string, inputs: DrainInputs, grid: Grid): readonly Span[] {
  const { startMs, stepMs, steps } = grid;
  const endMs = startMs + steps * stepMs;
  const tags = inputs.traits.get(vm.vmId)?.tags ?? [];
  const own = allowedSpans(inputs.calendars, { ...vm, tags }, startMs, endMs);
  const ofHosts = inputs.calendars.filter(({ calendar }) => calendar.scope.level === 'host');
  const there = { vmId: vm.vmId, host: target, tags: [] };
  return intersectionOf(own, allowedSpans(ofHosts, there, startMs, endMs));
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
    stepsPerBin: Math.max(1, Math.round((5 * MINUTE_MS) / stepMs)),
    moves: movers.map(({ options }) => options),
    inFlightMax: limits.parallelMax,
    targetOf: Int32Array.from(movers, ({ target }) => targets.indexOf(target)),
    targetCount: targets.length,
    incomingMax: limits.incomingMax,
    apart: apart.map((set) => [...set]),
    after: after.map((set) => [...set]),
  };
}

function plannedMoves(
  { movers, grid }: DrainCase,
  placements: readonly (Placement | undefined)[],
): readonly PlannedMove[] {
  const moves = movers.flatMap((mover, at) => {
    const placement = placements[at];
    return placement === undefined ? [] : [plannedMove(mover, placement, grid)];
  });
  return moves.toSorted((a, b) => a.startMs - b.startMs || (a.vmId < b.vmId ? -1 : 1));
}

function plannedMove(
  { vm, load, costs, target }: Mover,
  place: Placement,
  grid: Grid,
): PlannedMove {
  const startMs = grid.startMs + place.start * grid.stepMs;
  const bin = Math.floor((place.start * grid.stepMs) / (5 * MINUTE_MS));
  const binMs = grid.startMs + bin * 5 * MINUTE_MS;
  const loadPct = loadWhileMoved(costs, vm, load, binMs, place.share);
  const cost = costs.of(vm, loadPct, place.share);
  if (cost === undefined) throw new Error(`VM '${vm.vmId}' was placed where it cannot be moved`);
  return {
    vmId: vm.vmId,
    target: target.host,
    startMs,
    endMs: startMs + place.duration * grid.stepMs,
    mode: cost.mode,
    parallelMax: place.share,
    loadPct: roundTo(loadPct, 2),
    totalTimeMs: cost.totalTimeMs,
    downtimeMs: cost.downtimeMs,
    bytesSent: cost.bytesSent,
    successProb: cost.successProb,
    harm: roundTo(harmOf(vm, loadPct, cost), 4),
  };
}
