// A rolling upgrade of a cluster: host after host is emptied, upgraded, and filled again.
import { FIVE_MINUTES_MS, formatInstant, hashId, roundTo, type EpochMs } from '../../core';
import type { DrainInputs, DrainRequest } from './drain-inputs';
import { planDrain } from './plan-drain';
import type { Blocker, DrainPlan, HostUpgrade, UpgradePlan } from './plan-records';
import {
  checkUpgrade,
  type CheckedUpgrade,
  type UpgradeHost,
  type UpgradeRequest,
} from './upgrade-request';

const DRAIN_MS_MIN = FIVE_MINUTES_MS; // less is no time for a drain

type Planned = Extract<HostUpgrade, { status: 'planned' }>;

interface Turn extends UpgradeHost {
  readonly upgrade: Planned;
}

/** What has been planned so far. */
interface Progress {
  /** As the fleet will be: VMs on the hosts that received them, their moves as the last ones. */
  inputs: DrainInputs;
  readonly turns: Turn[];
  /** Hosts whose turn is still to come. */
  readonly left: UpgradeHost[];
  readonly failed: Map<string, { readonly reason: string; readonly blockers: readonly Blocker[] }>;
}

/**
 * Pure; yields between hosts, since each takes the time of a drain plan. The emptiest host goes
 * first; each next one's VMs go to upgraded hosts where these have room, so that they are moved once.
 * A host is out from the start of its drain until it is upgraded; the next one's turn comes as soon
 * as the floor allows. A host that cannot be emptied is left as it is, and tried again at the end.
 */
export function* planUpgrade(
  request: UpgradeRequest,
  inputs: DrainInputs,
): Generator<undefined, UpgradePlan> {
  const checked = checkUpgrade(request, inputs);
  const left = checked.hosts.toSorted(
    (a, b) => a.vmMemoryBytes - b.vmMemoryBytes || (a.host < b.host ? -1 : 1),
  );
  const progress: Progress = { inputs, turns: [], left, failed: new Map() };
  for (let grew = true; grew && left.length > 0;) {
    grew = false;
    const again: UpgradeHost[] = [];
    for (let host = left.shift(); host !== undefined; host = left.shift()) {
      if (takeTurn(host, request, checked, progress)) grew = true;
      else again.push(host);
      yield;
    }
    left.push(...again);
  }
  return upgradePlan(request, checked, inputs, progress);
}

/** Plans one host; false when it cannot be emptied in time. */
function takeTurn(
  host: UpgradeHost,
  request: UpgradeRequest,
  checked: CheckedUpgrade,
  progress: Progress,
): boolean {
  const { turns, failed } = progress;
  const { hostMs, byMs } = checked;
  const outAtMs = turnOf(host, checked, progress);
  const lastMs = byMs - hostMs;
  if (outAtMs >= lastMs) {
    const turn = `its turn comes at ${formatInstant(outAtMs)}, too late for ${formatInstant(byMs)}`;
    const date = formatInstant(outAtMs + 2 * hostMs);
    failed.set(host.host, { reason: `${turn}; a date from ${date} on would do`, blockers: [] });
    return false;
  }
  const shareMs = endOfShare(host, outAtMs, checked, progress);
  let plan = drainTurn(host.host, outAtMs, shareMs, request, checked, progress);
  const short = plan.blockers.some(({ code }) => code === 'time' || code === 'calendar');
  if (short && shareMs < lastMs)
    plan = drainTurn(host.host, outAtMs, lastMs, request, checked, progress);
  const { blockers, moves, harm, inTimeProb, emptyAtMs = outAtMs } = plan;
  if (blockers.length > 0) {
    const vms = blockers.length === 1 ? 'one VM cannot' : `${blockers.length} VMs cannot`;
    failed.set(host.host, { reason: `${vms} leave it in time`, blockers });
    return false;
  }
  failed.delete(host.host);
  const times = { outAtMs, emptyAtMs, backAtMs: emptyAtMs + hostMs };
  const upgrade: Planned = {
    host: host.host,
    status: 'planned',
    ...times,
    moves,
    harm,
    inTimeProb,
  };
  turns.push({ ...host, upgrade });
  progress.inputs = afterMoves(progress.inputs, plan);
  return true;
}

/**
 * The first instant, not before the last drain ended, at which the floor holds without the host, and
 * one is upgraded that can receive: else its VMs would be moved once more.
 */
function turnOf(host: UpgradeHost, checked: CheckedUpgrade, { turns, inputs }: Progress): EpochMs {
  const firstBackMs = Math.min(...turns.map(({ upgrade }) => upgrade.backAtMs));
  const earliestMs = turns.reduce(
    (latest, { upgrade }) => Math.max(latest, upgrade.emptyAtMs),
    turns.length === 0 ? inputs.nowMs : firstBackMs,
  );
  const moments = [earliestMs, ...turns.map(({ upgrade }) => upgrade.backAtMs)]
    .filter((atMs) => atMs >= earliestMs)
    .toSorted((a, b) => a - b);
  const { capacityFloor, totalCores } = checked;
  const fits = (atMs: EpochMs): boolean =>
    totalCores - outCores(turns, atMs) - host.cores >= capacityFloor * totalCores - 1e-9;
  return moments.find(fits) ?? moments[moments.length - 1];
}

function outCores(turns: readonly Turn[], atMs: EpochMs): number {
  return turns
    .filter(({ upgrade }) => upgrade.outAtMs <= atMs && atMs < upgrade.backAtMs)
    .reduce((sum, { cores }) => sum + cores, 0);
}

/** The host's part of the time that is left for drains, by what is on it. */
function endOfShare(
  host: UpgradeHost,
  outAtMs: EpochMs,
  { byMs, hostMs, capacityFloor, totalCores, hosts }: CheckedUpgrade,
  { left }: Progress,
): EpochMs {
  const largest = Math.max(...hosts.map(({ cores }) => cores));
  const outMax = Math.max(1, Math.floor(((1 - capacityFloor) * totalCores) / largest + 1e-9));
  const forUpgradesMs = Math.ceil((left.length + 1) / outMax) * hostMs;
  const forDrainsMs = byMs - outAtMs - forUpgradesMs;
  const weight = ({ vmMemoryBytes }: UpgradeHost): number => 1 + vmMemoryBytes;
  const share = weight(host) / left.reduce((sum, one) => sum + weight(one), weight(host));
  return Math.min(byMs - hostMs, outAtMs + Math.max(DRAIN_MS_MIN, Math.floor(forDrainsMs * share)));
}

/** To upgraded hosts alone where all have room there, else to every host in service. */
function drainTurn(
  host: string,
  outAtMs: EpochMs,
  endMs: EpochMs,
  request: UpgradeRequest,
  checked: CheckedUpgrade,
  { inputs, turns }: Progress,
): DrainPlan {
  const isBack = (one: Planned): boolean => one.backAtMs <= outAtMs;
  const upgraded = turns.filter(({ upgrade }) => isBack(upgrade)).map((turn) => turn.host);
  const out = turns.filter(({ upgrade }) => !isBack(upgrade)).map((turn) => turn.host);
  const inService = checked.members.filter((one) => one !== host && !out.includes(one));
  const drain = (targets: readonly string[]): DrainPlan =>
    planDrain(
      { ...drainLimits(request), host, byMs: endMs, targets },
      { ...inputs, nowMs: outAtMs },
    );
  if (upgraded.length > 0) {
    const first = drain(upgraded);
    const roomless = first.blockers.some(({ code }) => code === 'no-target' || code === 'too-big');
    if (!roomless) return first;
  }
  return drain(inService);
}

function drainLimits(request: UpgradeRequest): Omit<DrainRequest, 'host' | 'byMs' | 'targets'> {
  const { maxDowntimeMs, maxDurationMs, postCopy, parallelMax, incomingMax, coolDownMs } = request;
  return { maxDowntimeMs, maxDurationMs, postCopy, parallelMax, incomingMax, coolDownMs };
}

/** The fleet as it is when the plan was carried out. */
function afterMoves(inputs: DrainInputs, { moves }: DrainPlan): DrainInputs {
  const byVm = new Map(moves.map((move) => [move.vmId, move]));
  const traits = new Map(inputs.traits);
  for (const { vmId, endMs } of moves) {
    traits.set(vmId, { ...traits.get(vmId), lastMigratedMs: endMs });
  }
  const vms = inputs.vms.map((vm) => {
    const target = byVm.get(vm.vmId)?.target;
    return target === undefined ? vm : { ...vm, host: target };
  });
  return { ...inputs, vms, traits };
}

function upgradePlan(
  request: UpgradeRequest,
  checked: CheckedUpgrade,
  { tenantId, nowMs }: DrainInputs,
  { turns, failed }: Progress,
): UpgradePlan {
  const { cluster } = request;
  const { byMs, hostMs, capacityFloor, totalCores } = checked;
  const planned = turns.map(({ upgrade }) => upgrade);
  const blocked = [...failed]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([host, why]): HostUpgrade => ({ host, status: 'blocked', ...why }));
  const moved = planned.flatMap(({ moves }) => moves);
  const most = Math.max(0, ...planned.map(({ outAtMs }) => outCores(turns, outAtMs)));
  const some = planned.length > 0;
  return {
    planId: hashId(tenantId, cluster, nowMs, byMs, JSON.stringify(request)),
    cluster,
    createdMs: nowMs,
    byMs,
    status: blocked.length === 0 ? 'complete' : some ? 'partial' : 'blocked',
    hosts: [...planned, ...blocked],
    hostMs,
    capacityFloor,
    leastCapacity: roundTo(1 - most / totalCores, 3),
    moveCount: moved.length,
    movedAgain: moved.length - new Set(moved.map(({ vmId }) => vmId)).size,
    harm: roundTo(
      planned.reduce((sum, { harm }) => sum + harm.expected, 0),
      3,
    ),
    ...(some && { endMs: Math.max(...planned.map(({ backAtMs }) => backAtMs)) }),
    notes: [
      'the order of hosts and the time of each are chosen by rule: the bound is that of each drain',
    ],
  };
}
