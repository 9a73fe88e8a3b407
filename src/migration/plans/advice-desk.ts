// Moves made on paper, so that none counts on room that another took: overloads first, then spare hosts.
import { HOUR_MS, roundTo } from '../../core';
import type { AdvisedMove, AdviceLimits, HotHost, SpareHost } from './advise-cluster';
import {
  overload,
  overloadedHours,
  type BalancedHost,
  type ClusterBalance,
  type Tenure,
} from './cluster-balance';
import { wireOf, type DrainInputs } from './drain-inputs';
import { harmOf, MoveCosts, type MoveCost } from './move-options';
import { neverMoves } from './never-moves';
import { chosenTarget, fillWith, peakOf, ROOM_DEFAULTS, type TargetChoice } from './pack-targets';
import { loadAt } from './plan-load';

const HOT_HOURS_MIN = 2; // one hour passes before a VM is moved
/** What a move wins must be so many times what it costs: forecasts err. */
const GAIN_MIN = 3;
/** An idle core-second that is saved, in vCPU-seconds of customers: energy against lost work. */
const EMPTY_VALUE = 0.01;

interface Offer {
  readonly tenure: Tenure;
  readonly target: BalancedHost;
  readonly cost: MoveCost;
  readonly harm: number;
  readonly relief: number;
}

/** Of one cluster and request; `relieve` first, then `empty`, once each. */
export class AdviceDesk {
  private readonly moved = new Set<string>();
  /** Hosts that give or get VMs of an overload stay out of consolidation. */
  private readonly touched = new Set<BalancedHost>();
  private readonly costs = new Map<BalancedHost, MoveCosts>();

  constructor(
    private readonly balance: ClusterBalance,
    private readonly inputs: DrainInputs,
    private readonly limits: AdviceLimits,
  ) {}

  relieve(): readonly HotHost[] {
    const { hotShare } = this.limits;
    const hot = this.balance.hosts
      .filter((host) => overloadedHours(host, hotShare) >= HOT_HOURS_MIN)
      .toSorted((a, b) => overload(b, hotShare) - overload(a, hotShare) || order(a, b));
    for (const host of hot) this.touched.add(host);
    return hot.map((host) => this.relieved(host));
  }

  private relieved(host: BalancedHost): HotHost {
    const { hotShare } = this.limits;
    const before = overload(host, hotShare);
    const hours = overloadedHours(host, hotShare);
    const peakShare = roundTo(peakOf(host.busyVcpus) / host.cores, 3);
    const moves: AdvisedMove[] = [];
    for (;;) {
      const offer = this.bestOffer(host);
      if (offer === undefined) break;
      this.balance.move(offer.tenure, host, offer.target);
      moves.push(this.noted(offer, host));
      this.touched.add(offer.target);
    }
    const after = overload(host, hotShare);
    const percent = Math.round(100 * peakShare);
    const harm = harmOfAll(moves);
    const reason =
      `${hours} h above ${Math.round(100 * hotShare)} % of its cores by forecast, up to ${percent} %; ` +
      (moves.length === 0
        ? 'no VM can be moved to a host with room at a cost below its gain'
        : `${moves.length} moves win ${Math.round(before - after)} vCPU-seconds and cost ${harm}`);
    return {
      host: host.host,
      hours,
      peakShare,
      overload: roundTo(before, 1),
      overloadAfter: roundTo(after, 1),
      moves,
      reason,
    };
  }

  /** The move that wins most; undefined where none pays. */
  private bestOffer(host: BalancedHost): Offer | undefined {
    const { hotShare } = this.limits;
    const above = overload(host, hotShare);
    if (above === 0) return undefined;
    let best: Offer | undefined;
    for (const tenure of host.tenures.values()) {
      const relief = above - overload(host, hotShare, tenure);
      if (relief <= 0 || (best !== undefined && relief <= best.relief - best.harm)) continue;
      const cost = this.costOf(tenure, host);
      if (cost === undefined || relief < GAIN_MIN * cost.harm) continue;
      const target = this.targetOf(tenure, 'emptiest', (one) => one !== host && !this.isHot(one));
      if (target === undefined) continue;
      const offer = { tenure, target, relief, ...cost };
      if (best === undefined || relief - cost.harm > best.relief - best.harm) best = offer;
    }
    return best;
  }

  /** The least busy first; each only if all of its VMs find room, and a host may still fail. */
  empty(): readonly SpareHost[] {
    const spare: SpareHost[] = [];
    const gone = new Set<BalancedHost>();
    const candidates = this.balance.hosts
      .filter((host) => host.tenures.size > 0 && !this.touched.has(host))
      .toSorted((a, b) => busyHours(a) - busyHours(b) || order(a, b));
    for (const host of candidates) {
      if (this.touched.has(host)) continue; // it received a VM meanwhile
      const left = this.balance.hosts.filter((one) => one !== host && !gone.has(one));
      const moves = this.enough(left) ? this.moveAll(host, left) : undefined;
      if (moves === undefined) continue;
      gone.add(host);
      const harm = harmOfAll(moves);
      const freedCoreHours = host.cores * this.balance.hours.length;
      const reason =
        `its ${moves.length} VMs find room up to ${Math.round(100 * this.limits.fillShare)} % of other hosts for ` +
        `${this.balance.hours.length} h, and the largest of those may still fail`;
      spare.push({ host: host.host, moves, harm, freedCoreHours, reason });
    }
    return spare;
  }

  /** Whether the hosts carry everything up to hotShare without their largest. */
  private enough(left: readonly BalancedHost[]): boolean {
    const cores = left.reduce((sum, one) => sum + one.cores, 0);
    const largest = Math.max(0, ...left.map((one) => one.cores));
    const busy = new Float64Array(this.balance.hours.length);
    for (const host of this.balance.hosts) {
      host.busyVcpus.forEach((vcpus, hour) => (busy[hour] += vcpus));
    }
    return peakOf(busy) <= (cores - largest) * this.limits.hotShare;
  }

  private moveAll(host: BalancedHost, left: readonly BalancedHost[]): AdvisedMove[] | undefined {
    const tenures = [...host.tenures.values()].toSorted(
      (a, b) => b.memoryBytes - a.memoryBytes || (a.vm.vmId < b.vm.vmId ? -1 : 1),
    );
    const offers: Offer[] = [];
    const back = (): undefined => {
      for (const { tenure, target } of offers) this.balance.move(tenure, target, host);
      return undefined;
    };
    let harm = 0;
    for (const tenure of tenures) {
      const cost = this.costOf(tenure, host);
      if (cost === undefined) return back();
      harm += cost.harm;
      const target = this.targetOf(
        tenure,
        'fullest',
        // what is empty stays empty: filling it to empty another wins nothing
        (one) => left.includes(one) && one.tenures.size > 0 && !this.isHot(one),
      );
      if (target === undefined) return back();
      this.balance.move(tenure, host, target);
      offers.push({ tenure, target, relief: 0, ...cost });
    }
    const freed = host.cores * this.balance.hours.length * (HOUR_MS / 1_000) * EMPTY_VALUE;
    if (freed < GAIN_MIN * harm) return back();
    for (const { target } of offers) this.touched.add(target);
    return offers.map((offer) => this.noted(offer, host));
  }

  private isHot(host: BalancedHost): boolean {
    return overloadedHours(host, this.limits.hotShare) > 0;
  }

  /** Overloads go where most room is left; spare hosts are filled into the fullest that takes them. */
  private targetOf(
    tenure: Tenure,
    choice: TargetChoice,
    may: (host: BalancedHost) => boolean,
  ): BalancedHost | undefined {
    const limits = { ...ROOM_DEFAULTS, cpuShareMax: this.limits.fillShare };
    const hosts = this.balance.hosts.filter(may);
    const chosen = chosenTarget(hosts.length, choice, (at) => {
      const { usedMemoryBytes, busyVcpus } = hosts[at];
      return fillWith(tenure, hosts[at], usedMemoryBytes, busyVcpus, limits);
    });
    return chosen < 0 ? undefined : hosts[chosen];
  }

  /** At the VM's quietest hour; undefined where it cannot be moved, or rests. */
  private costOf(
    { vm }: Tenure,
    host: BalancedHost,
  ): { readonly cost: MoveCost; readonly harm: number } | undefined {
    const { nowMs, traits, loads } = this.inputs;
    if (this.moved.has(vm.vmId) || neverMoves(vm, this.inputs) !== undefined) return undefined;
    const { lastMigratedMs = Number.NEGATIVE_INFINITY } = traits.get(vm.vmId) ?? {};
    if (lastMigratedMs + this.limits.coolDownMs > nowMs) return undefined;
    const load = loads.get(vm.vmId);
    if (load === undefined) return undefined;
    const quietest = Math.min(...this.balance.hours.map((hourMs) => loadAt(load, hourMs)));
    const cost = this.costsFrom(host).of(vm, quietest, 1);
    return cost && { cost, harm: harmOf(vm, quietest, cost) };
  }

  private costsFrom(host: BalancedHost): MoveCosts {
    let found = this.costs.get(host);
    if (found === undefined) {
      found = new MoveCosts({
        maxDowntimeMs: this.limits.maxDowntimeMs,
        postCopy: false,
        parallelMax: 1,
        ...wireOf(this.inputs.hosts.get(host.host)),
      });
      this.costs.set(host, found);
    }
    return found;
  }

  private noted({ tenure, target, cost, harm }: Offer, from: BalancedHost): AdvisedMove {
    const { vmId } = tenure.vm;
    this.moved.add(vmId);
    const { mode, downtimeMs, totalTimeMs } = cost;
    return {
      vmId,
      from: from.host,
      target: target.host,
      mode,
      downtimeMs,
      totalTimeMs,
      harm: roundTo(harm, 3),
    };
  }
}

function harmOfAll(moves: readonly AdvisedMove[]): number {
  const sum = moves.reduce((total, { harm }) => total + harm, 0);
  return roundTo(sum, 2);
}

function order(a: BalancedHost, b: BalancedHost): number {
  return a.host < b.host ? -1 : 1;
}

function busyHours({ busyVcpus }: BalancedHost): number {
  return busyVcpus.reduce((sum, vcpus) => sum + vcpus, 0);
}
