// Documents of the Slackwater feed. Made by "slackwater feed types"; do not edit.
// A reader ignores members that it does not know: a later release may add some.

/** lm.windows.v1: the newest list of windows of a VM. */
export type WindowDocument = {
  readonly schema: 'lm.windows.v1';
  readonly id: string;
  /** Equal to id */
  readonly idempotencyKey: string;
  readonly tenant: string;
  readonly runDate: string;
  readonly vmId: string;
  /** A higher revision replaces everything before it */
  readonly revision: number;
  readonly cutoffMs: number;
  readonly expiresMs: number;
  readonly models: {
    readonly fiveMinute: string;
    readonly hourly: string;
  };
  readonly policy: 'auto' | 'excluded' | 'pinned';
  readonly windows: readonly ({
    readonly rank: number;
    readonly notBeforeMs: number;
    /** notAfterMs less the P95 of the total time */
    readonly latestStartMs: number;
    readonly notAfterMs: number;
    /** Forecast load in percent of the VM’s allotment */
    readonly loadPct: {
      readonly mean: number;
      readonly p05: number;
      readonly p50: number;
      readonly p95: number;
    };
    /** Mean forecast load of the whole day */
    readonly baselineLoadPct: number;
    readonly cost: {
      readonly totalTimeMs: {
        readonly p50: number;
        readonly p95: number;
      };
      readonly downtimeMs: {
        readonly p50: number;
        readonly p95: number;
      };
      readonly bytesSent: {
        readonly p50: number;
        readonly p95: number;
      };
      readonly converges: boolean;
      readonly successProb: number;
      readonly dirtySource: 'prior' | 'probe' | 'vm' | 'flavour' | 'host-pair' | 'fleet';
    };
    /** Expected harm; lower is better; ranks by score, then start */
    readonly score: number;
    /** Chance that it is no busier than the day’s mean */
    readonly confidence: number;
    readonly reasons: readonly (string)[];
    readonly advice: {
      readonly mode: 'pre-copy' | 'auto-converge' | 'post-copy' | 'do-not-migrate';
      readonly cause: string;
    };
  })[];
  /** Why there is no window */
  readonly reason?: string;
  /** What the night chose, while a decision of the operator stands in its place */
  readonly withheld?: {
    readonly windows: readonly ({
      readonly rank: number;
      readonly notBeforeMs: number;
      /** notAfterMs less the P95 of the total time */
      readonly latestStartMs: number;
      readonly notAfterMs: number;
      /** Forecast load in percent of the VM’s allotment */
      readonly loadPct: {
        readonly mean: number;
        readonly p05: number;
        readonly p50: number;
        readonly p95: number;
      };
      /** Mean forecast load of the whole day */
      readonly baselineLoadPct: number;
      readonly cost: {
        readonly totalTimeMs: {
          readonly p50: number;
          readonly p95: number;
        };
        readonly downtimeMs: {
          readonly p50: number;
          readonly p95: number;
        };
        readonly bytesSent: {
          readonly p50: number;
          readonly p95: number;
        };
        readonly converges: boolean;
        readonly successProb: number;
        readonly dirtySource: 'prior' | 'probe' | 'vm' | 'flavour' | 'host-pair' | 'fleet';
      };
      /** Expected harm; lower is better; ranks by score, then start */
      readonly score: number;
      /** Chance that it is no busier than the day’s mean */
      readonly confidence: number;
      readonly reasons: readonly (string)[];
      readonly advice: {
        readonly mode: 'pre-copy' | 'auto-converge' | 'post-copy' | 'do-not-migrate';
        readonly cause: string;
      };
    })[];
    readonly reason?: string;
  };
  /** The same figures over the whole day, for a window at any other moment */
  readonly day?: {
    /** Forecast load in percent of the VM’s allotment */
    readonly loadPct: {
      readonly mean: number;
      readonly p05: number;
      readonly p50: number;
      readonly p95: number;
    };
    readonly windowLengthMs: number;
    readonly cost: {
      readonly totalTimeMs: {
        readonly p50: number;
        readonly p95: number;
      };
      readonly downtimeMs: {
        readonly p50: number;
        readonly p95: number;
      };
      readonly bytesSent: {
        readonly p50: number;
        readonly p95: number;
      };
      readonly converges: boolean;
      readonly successProb: number;
      readonly dirtySource: 'prior' | 'probe' | 'vm' | 'flavour' | 'host-pair' | 'fleet';
    };
    readonly advice: {
      readonly mode: 'pre-copy' | 'auto-converge' | 'post-copy' | 'do-not-migrate';
      readonly cause: string;
    };
  };
};

/** lm.outcomes.v1: what became of a migration. */
export type OutcomeDocument = {
  /** Of the outcome */
  readonly id: string;
  /** id of the window document */
  readonly windowId: string;
  readonly rank: number;
  readonly vmId: string;
  /** Which executor says so */
  readonly executor: string;
  readonly kind: 'qemu' | 'libvirt' | 'kubevirt' | 'nova' | 'proxmox' | 'other';
  /** Token of the claim under which it was started */
  readonly claimToken?: number;
  readonly status: 'completed' | 'failed' | 'cancelled' | 'refused' | 'unknown';
  /** Why, where it did not complete */
  readonly cause?: 'no-convergence' | 'timeout' | 'connection' | 'destination' | 'incompatible' | 'resources' | 'operator' | 'hypervisor' | 'unknown';
  /** The reason in the hypervisor’s own words */
  readonly detail?: string;
  readonly mode?: 'pre-copy' | 'auto-converge' | 'post-copy' | 'stop-copy';
  /** Host that received the VM */
  readonly target?: string;
  /** Epoch ms at which the hypervisor was asked */
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly totalTimeMs?: number;
  /** The pause; absent where it is unknown, never 0 */
  readonly downtimeMs?: number;
  readonly bytesSent?: number;
  readonly rounds?: number;
  readonly schema: 'lm.outcomes.v1';
  /** Of the CloudEvent; another one when an unknown outcome is settled */
  readonly eventId: string;
  readonly tenant: string;
  /** Why nothing is learned from it */
  readonly flags: readonly ('window-unknown' | 'outside-window' | 'clock' | 'unit-error' | 'not-completed')[];
  /** Measures of a completed migration that are absent */
  readonly unknown: readonly ('totalTimeMs' | 'downtimeMs' | 'bytesSent')[];
  readonly learned: boolean;
  /** What its window said; absent where the window is unknown */
  readonly predicted?: {
    readonly totalTimeMs: {
      readonly p50: number;
      readonly p95: number;
    };
    readonly downtimeMs: {
      readonly p50: number;
      readonly p95: number;
    };
    readonly bytesSent: {
      readonly p50: number;
      readonly p95: number;
    };
  };
};
