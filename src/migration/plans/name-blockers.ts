// Why a VM cannot be gone by the deadline, and what, by itself, would unblock it.
import { formatInstant, HOUR_MS } from '../../core';
import { calendarsOf } from '../calendars';
import { GIB_BYTES } from '../cost/cost-settings';
import type { Placement } from './drain-problem';
import { hasStart } from './harm-bound';
import { peakOf, type Parcel, type Target } from './pack-targets';
import type { DrainCase, Mover } from './drain-case';
import { orderBlocker } from './never-moves';
import type { Blocker } from './plan-records';
import { Schedule } from './schedule';

/** `roomless`: those that no target took. */
export function nameBlockers(
  drain: DrainCase,
  placements: readonly (Placement | undefined)[],
  roomless: readonly Parcel[],
  targets: readonly Target[],
  notes: readonly string[],
): readonly Blocker[] {
  const later = laterPlaces(drain, placements);
  return [
    ...roomless.map((parcel) => noRoom(parcel, targets, drain, notes)),
    ...drain.movers.flatMap((mover, at) =>
      placements[at] === undefined ? [notPlaced(drain, mover, at, placements, later[at])] : [],
    ),
  ];
}

/** Where each unplaced move could go within a day after the deadline, beside the plan. */
function laterPlaces(
  { problem, grid }: DrainCase,
  placements: readonly (Placement | undefined)[],
): readonly (Placement | undefined)[] {
  if (placements.every((one) => one !== undefined)) return [];
  const schedule = new Schedule({ ...problem, steps: grid.steps });
  placements.forEach((one, move) => one !== undefined && schedule.place(move, one));
  const places: (Placement | undefined)[] = [];
  placements.forEach((one, move) => {
    if (one !== undefined) return;
    places[move] = schedule.best(move, { by: 'end' });
    const place = places[move];
    if (place !== undefined) schedule.place(move, place);
  });
  return places;
}

function gib(bytes: number): string {
  return `${Math.round((bytes / GIB_BYTES) * 10) / 10} GiB`;
}

function noRoom(
  { vmId, memoryBytes, busyVcpus }: Parcel,
  targets: readonly Target[],
  { limits }: DrainCase,
  notes: readonly string[],
): Blocker {
  const { memoryShareMax, cpuShareMax } = limits;
  if (targets.length === 0) {
    const why = notes[0] === undefined ? '' : `: ${notes[0]}`;
    const unblock = ['describe the hosts of the cluster with PUT /v1/hosts', 'name the targets'];
    return { vmId, code: 'no-target', reason: `there is no host to move it to${why}`, unblock };
  }
  const size = (one: Target): number => one.memoryBytes * memoryShareMax;
  const largest = targets.reduce((a, b) => (size(b) > size(a) ? b : a));
  if (memoryBytes > size(largest)) {
    const unblock = [
      `a target that gives VMs at least ${gib(memoryBytes)}`,
      'stop it for the time',
    ];
    const reason = `it has ${gib(memoryBytes)}, more than any target gives VMs (host '${largest.host}': ${gib(size(largest))})`;
    return { vmId, code: 'too-big', reason, unblock };
  }
  const free = (one: Target): number => size(one) - one.usedMemoryBytes;
  const roomiest = targets.reduce((a, b) => (free(b) > free(a) ? b : a));
  const idle = (one: Target): number => one.cores * cpuShareMax - peakOf(one.busyVcpus);
  const calmest = targets.reduce((a, b) => (idle(b) > idle(a) ? b : a));
  const needs = `${gib(memoryBytes)} and at its peak ${peakOf(busyVcpus).toFixed(1)} busy vCPUs`;
  const reason =
    `no target has room beside the others for ${needs}: at most ${gib(Math.max(0, free(roomiest)))} ` +
    `are free (host '${roomiest.host}'), ${Math.max(0, idle(calmest)).toFixed(1)} vCPUs (host '${calmest.host}')`;
  const unblock = ['add a target host or free one', 'move or stop a VM of the targets'];
  return { vmId, code: 'no-target', reason, unblock };
}

function notPlaced(
  drain: DrainCase,
  mover: Mover,
  at: number,
  placements: readonly (Placement | undefined)[],
  later: Placement | undefined,
): Blocker {
  const { vmId } = mover.vm;
  const { problem, grid } = drain;
  const waits = problem.after[at].find((before) => placements[before] === undefined);
  const deadline =
    later === undefined
      ? []
      : [
          `a deadline of ${formatInstant(grid.startMs + (later.start + later.duration) * grid.stepMs)}`,
        ];
  if (!possible(mover)) return neverFits(drain, mover);
  if (waits !== undefined) return orderBlocker(vmId, drain.movers[waits].vm.vmId);
  if (mover.options.earliestStep >= problem.steps) {
    const untilMs = grid.startMs + mover.options.earliestStep * grid.stepMs;
    const reason = `it was migrated lately and rests until ${formatInstant(untilMs)}`;
    return { vmId, code: 'cool-down', reason, unblock: ['a shorter coolDownMs', ...deadline] };
  }
  if (!hasStart(problem, at)) return noStart(drain, mover, deadline);
  const { parallelMax } = drain.limits;
  const reason = `beside the others it does not fit before the deadline (at most ${parallelMax} at once share the bandwidth)`;
  return { vmId, code: 'time', reason, unblock: [...deadline, 'more bandwidth between the hosts'] };
}

/** Some bin has a way to move it within the limits. */
function possible({ options }: Mover): boolean {
  return options.durations[0].some((steps) => steps > 0);
}

function neverFits({ limits, grid }: DrainCase, { vm, load, costs }: Mover): Blocker {
  const { vmId } = vm;
  const { maxDowntimeMs, maxDurationMs } = costs.limits;
  let downtime = Infinity;
  let duration = Infinity;
  for (let hour = 0; hour * HOUR_MS < grid.steps * grid.stepMs; hour += 1) {
    const atMs = grid.startMs + hour * HOUR_MS;
    const loads = load.find(({ startMs, stepMs, mean }) => atMs < startMs + stepMs * mean.length);
    const step =
      loads === undefined ? 0 : Math.max(0, Math.floor((atMs - loads.startMs) / loads.stepMs));
    for (const cost of costs.ways(vm, loads?.mean[step] ?? load[0].mean[0], 1)) {
      downtime = Math.min(downtime, cost.downtimeMs.p95);
      duration = Math.min(duration, cost.totalTimeMs.p95);
    }
  }
  const gentler = limits.postCopy ? [] : ['allow post-copy (postCopy: true)'];
  if (maxDurationMs !== undefined && duration > maxDurationMs) {
    const reason = `at its quietest it takes ${Math.ceil(duration)} ms (P95); ${maxDurationMs} ms are allowed`;
    const unblock = [`allow maxDurationMs ${Math.ceil(duration)}`, ...gentler];
    return { vmId, code: 'duration', reason, unblock };
  }
  const reason = `its copy never converges within the limits: at its quietest it pauses ${Math.ceil(downtime)} ms (P95); ${maxDowntimeMs} ms are allowed`;
  const unblock = [
    `allow maxDowntimeMs ${Math.ceil(downtime)}`,
    ...gentler,
    'stop it for the time',
  ];
  return { vmId, code: 'downtime', reason, unblock };
}

/** It could be moved, but calendars or the deadline leave no span that is long enough. */
function noStart(drain: DrainCase, mover: Mover, deadline: readonly string[]): Blocker {
  const { inputs, request, grid } = drain;
  const { vm, options, target } = mover;
  const tags = inputs.traits.get(vm.vmId)?.tags ?? [];
  const about = calendarsOf(inputs.calendars, { ...vm, tags }, target.host);
  const names = [
    ...new Set(about.map(({ calendarId, calendar }) => `'${calendarId}' (${calendar.kind})`)),
  ];
  const least = Math.min(...options.durations[0].filter((steps) => steps > 0)) * grid.stepMs;
  const minutes = Math.round(least / 60_000);
  const by = formatInstant(request.byMs);
  if (names.length === 0) {
    const reason = `it takes ${minutes} min, and the deadline ${by} leaves less`;
    return { vmId: vm.vmId, code: 'time', reason, unblock: deadline };
  }
  const reason = `calendars ${names.join(', ')} leave no ${minutes} min in one piece before ${by}`;
  const unblock = ['change or narrow one of these calendars', ...deadline];
  return { vmId: vm.vmId, code: 'calendar', reason, unblock };
}
