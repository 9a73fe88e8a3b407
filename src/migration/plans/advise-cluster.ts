// Advice for a cluster: VMs to move off hosts that will be overloaded, and hosts that can be emptied.
//
// Nothing flaps: hosts are relieved above one limit and filled up to a lower one, a VM that was moved rests, and a
// move is advised only where what it wins by the forecast is a multiple of what the migration costs.
import { DAY_MS, DomainError, HOUR_MS, type EpochMs } from '../../core';
import { AdviceDesk } from './advice-desk';
import { ClusterBalance, type BalancedHost } from './cluster-balance';
import { maxDowntimeOf, type DrainInputs } from './drain-inputs';
import { hostsOfCluster, roomHours } from './find-targets';
import type { MoveCost } from './move-options';
import { ROOM_DEFAULTS } from './pack-targets';

export interface AdviceRequest {
  readonly cluster: string;
  /** The forecast of so many hours must bear the advice. */
  readonly hours?: number;
  /** Share of a host's cores above which it is overloaded. */
  readonly hotShare?: number;
  /** Share up to which a host is filled; below hotShare. */
  readonly fillShare?: number;
  readonly maxDowntimeMs?: number;
  readonly coolDownMs?: number;
}

export interface AdvisedMove {
  readonly vmId: string;
  readonly from: string;
  readonly target: string;
  readonly mode: MoveCost['mode'];
  readonly downtimeMs: MoveCost['downtimeMs'];
  readonly totalTimeMs: MoveCost['totalTimeMs'];
  /** Expected, busy vCPU-seconds lost, at the VM's quietest hour. */
  readonly harm: number;
}

export interface HotHost {
  readonly host: string;
  /** Hours of the forecast above hotShare. */
  readonly hours: number;
  /** Busy share of the cores in the busiest hour. */
  readonly peakShare: number;
  /** vCPU-seconds asked for above hotShare: as it stands, and after the moves. */
  readonly overload: number;
  readonly overloadAfter: number;
  readonly moves: readonly AdvisedMove[];
  readonly reason: string;
}

export interface SpareHost {
  readonly host: string;
  readonly moves: readonly AdvisedMove[];
  readonly harm: number;
  /** Core-hours of the forecast that it is empty for. */
  readonly freedCoreHours: number;
  readonly reason: string;
}

export interface ClusterAdvice {
  readonly cluster: string;
  readonly createdMs: EpochMs;
  readonly untilMs: EpochMs;
  /** Overloaded hosts, the worst first. */
  readonly relieve: readonly HotHost[];
  /** Hosts that can be emptied one after the other, in this order. */
  readonly empty: readonly SpareHost[];
  readonly notes: readonly string[];
}

export const ADVICE_DEFAULTS = {
  hours: 24,
  hotShare: ROOM_DEFAULTS.cpuShareMax,
  fillShare: 0.65, // 15 points below: a forecast error of a fifth moves no VM back
  coolDownMs: DAY_MS,
} as const;

const HOURS_MAX = 168; // as far as the forecast reaches

/** Pure. Throws CLUSTER_UNKNOWN, REQUEST_INVALID naming the field. O(moves x VMs x hosts x hours). */
export function adviseCluster(request: AdviceRequest, inputs: DrainInputs): ClusterAdvice {
  const limits = limitsOf(request);
  const { cluster } = request;
  const { nowMs } = inputs;
  const notes: string[] = [];
  const hours = roomHours(nowMs, nowMs + limits.hours * HOUR_MS);
  const balance = new ClusterBalance(sizedHosts(cluster, inputs, notes), inputs, hours);
  const desk = new AdviceDesk(balance, inputs, limits);
  const relieve = desk.relieve();
  const empty = desk.empty();
  return {
    cluster,
    createdMs: nowMs,
    untilMs: nowMs + limits.hours * HOUR_MS,
    relieve,
    empty,
    notes,
  };
}

export type AdviceLimits = Required<Omit<AdviceRequest, 'cluster'>>;

function limitsOf(request: AdviceRequest): AdviceLimits {
  const {
    hours = ADVICE_DEFAULTS.hours,
    hotShare = ADVICE_DEFAULTS.hotShare,
    fillShare = ADVICE_DEFAULTS.fillShare,
    coolDownMs = ADVICE_DEFAULTS.coolDownMs,
  } = request;
  const refuse = (field: string, message: string): never => {
    throw new DomainError('REQUEST_INVALID', message, { field });
  };
  if (!(hours >= 1 && hours <= HOURS_MAX)) {
    refuse('hours', `hours is ${hours}; 1 to ${HOURS_MAX} is accepted`);
  }
  if (!(hotShare > 0 && hotShare <= 1)) {
    refuse('hotShare', `hotShare is ${hotShare}; more than 0, at most 1 is accepted`);
  }
  if (!(fillShare > 0 && fillShare < hotShare)) {
    const message = `fillShare is ${fillShare}; above 0 and below hotShare ${hotShare} is accepted: hosts that are filled up to where they are relieved flap`;
    refuse('fillShare', message);
  }
  return { hours, hotShare, fillShare, coolDownMs, maxDowntimeMs: maxDowntimeOf(request) };
}

function sizedHosts(
  cluster: string,
  inputs: DrainInputs,
  notes: string[],
): readonly Pick<BalancedHost, 'host' | 'cores' | 'memoryBytes'>[] {
  return hostsOfCluster(cluster, inputs).flatMap((host) => {
    const { cores, memoryBytes, state = 'up' } = inputs.hosts.get(host) ?? {};
    if (state !== 'up') notes.push(`host '${host}' is ${state}: it takes no part`);
    else if (cores === undefined || memoryBytes === undefined) {
      const missing = cores === undefined ? 'number of cores' : 'memory size';
      notes.push(`the ${missing} of host '${host}' is not known (PUT /v1/hosts): it takes no part`);
    } else return [{ host, cores, memoryBytes }];
    return [];
  });
}
