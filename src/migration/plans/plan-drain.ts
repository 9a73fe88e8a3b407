// A drain plan: who goes where and when, who cannot and why, and how far from the best it can be.
import { DAY_MS, formatInstant, hashId, MINUTE_MS, roundTo, seedOf } from '../../core';
import { caseOf, type DrainCase, type Mover } from './drain-case';
import { limitsOf, type DrainInputs, type DrainRequest, type PlanVm } from './drain-inputs';
import { busyVcpusOf, clusterOf, findTargets, roomHours } from './find-targets';
import { finishOdds } from './finish-odds';
import { nameBlockers } from './name-blockers';
import { neverMoves, waitingFor } from './never-moves';
import { packTargets } from './pack-targets';
import type { Blocker, DrainPlan, PlannedMove } from './plan-records';
import { plannedMoves, solveInTime } from './planned-moves';

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
  const solution = solveInTime(drain, seed);
  blockers.push(...nameBlockers(drain, solution.placements, roomless, targets, notes));
  const moves = plannedMoves(drain, solution.placements);
  return planOf(drain, { vms, moves, blockers, notes, seed, solution });
}

function planOf(
  { request, inputs, limits, grid }: DrainCase,
  found: {
    readonly vms: readonly PlanVm[];
    readonly moves: readonly PlannedMove[];
    readonly blockers: readonly Blocker[];
    readonly notes: readonly string[];
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
