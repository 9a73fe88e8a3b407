// A role that one process plays at a time: acquire, renew, work, and stop at once when it is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { DomainError, type Clock } from '../../core';
import type { HeldRole, LeasedRole, RoleLeases } from '../../predict';
import type { Metrics } from '../metrics';

export interface RoleSettings {
  readonly role: LeasedRole;
  readonly holder: string;
  readonly leaseMs: number;
  /** Works until `signal` aborts or everything is done for now. */
  readonly work: (signal: AbortSignal) => Promise<void>;
  /** Pause between two calls of `work`. */
  readonly everyMs: number;
}

const BACKOFF_MS_MAX = 5_000;

export class LeasedLoop {
  private readonly stopping = new AbortController();
  private loop: Promise<void> | undefined;
  private holds = false;

  constructor(
    private readonly settings: RoleSettings,
    private readonly outside: {
      readonly leases: RoleLeases;
      readonly clock: Clock;
      readonly log: Logger;
      readonly metrics: Metrics;
    },
  ) {}

  start(): void {
    this.loop = this.run();
  }

  get held(): boolean {
    return this.holds;
  }

  /** Ends the work in hand and gives the role back. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  private async run(): Promise<void> {
    const { role, leaseMs } = this.settings;
    let backoffMs = 100;
    while (!this.stopping.signal.aborted) {
      try {
        const held = await this.acquire();
        if (held !== undefined) await this.play(held);
        else await this.pause(leaseMs / 3);
        backoffMs = 100;
      } catch (error) {
        this.outside.log.error({ err: error, role }, 'role failed; it is tried again');
        await this.pause(backoffMs);
        backoffMs = Math.min(BACKOFF_MS_MAX, backoffMs * 2);
      }
    }
  }

  private acquire(): Promise<HeldRole | undefined> {
    const { role, holder, leaseMs } = this.settings;
    return this.outside.leases.acquire(role, holder, this.outside.clock.nowMs(), leaseMs);
  }

  private async play(held: HeldRole): Promise<void> {
    const { role, leaseMs, work, everyMs } = this.settings;
    const { leases, clock, metrics } = this.outside;
    const lost = new AbortController();
    const signal = AbortSignal.any([lost.signal, this.stopping.signal]);
    this.hold(true, metrics, role);
    let renewedMs = clock.monotonicMs();
    const renewal = setInterval(() => {
      leases.renew(held, clock.nowMs(), leaseMs).then(
        (kept) => {
          if (kept) renewedMs = clock.monotonicMs();
          else lost.abort(new DomainError('LEASE_LOST', `the role ${role} was taken over`));
        },
        () => {
          // The store is away: the lease runs out by itself, and so must our work.
          if (clock.monotonicMs() - renewedMs > leaseMs) lost.abort();
        },
      );
    }, leaseMs / 3);
    try {
      while (!signal.aborted) {
        await work(signal);
        if (!signal.aborted) await sleep(everyMs, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      clearInterval(renewal);
      this.hold(false, metrics, role);
      await leases.release(held).catch(() => undefined); // it runs out by itself
    }
  }

  private hold(holds: boolean, metrics: Metrics, role: LeasedRole): void {
    this.holds = holds;
    metrics.roles.set({ role }, holds ? 1 : 0);
  }

  private async pause(ms: number): Promise<void> {
    const { signal } = this.stopping;
    await sleep(ms, undefined, { signal }).catch(() => undefined); // aborted: the loop ends
  }
}
