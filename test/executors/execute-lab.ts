// A service in this process (memory stores) with one open window per VM, as an executor sees it.
import {
  MemoryClaimStore,
  MemoryFeedStore,
  MemoryOutcomeStore,
  MemoryWindowStore,
} from '../../src/adapters/embedded';
import { FIVE_MINUTES_MS, SystemClock, type Clock } from '../../src/core';
import {
  checkWindow,
  claimWindow,
  outcomeSchema,
  parseWindowContent,
  releaseClaim,
  renewClaim,
  reportOutcome,
  startClaim,
  windowDocumentOf,
  WindowService,
  type Claim,
  type OutcomeInput,
  type RankedWindow,
  type StoredOutcome,
  type VmFacts,
  type WindowCheck,
  type WindowContent,
} from '../../src/migration';

const TENANT = 'north';

export class LocalWindowService extends WindowService {
  readonly ports = {
    windows: new MemoryWindowStore(new MemoryFeedStore()),
    claims: new MemoryClaimStore(),
    outcomes: new MemoryOutcomeStore(),
    vmFacts: async () => this.facts,
  };
  /** What is known of every VM. */
  facts: VmFacts = {};
  /** How far the service's clock is ahead. */
  aheadMs = 0;

  constructor(
    readonly name = 'e-1',
    private readonly clock: Clock = new SystemClock(),
  ) {
    super();
  }

  override async document(vmId: string): Promise<WindowContent | undefined> {
    const found = await this.ports.windows.document(TENANT, vmId);
    return found === undefined ? undefined : parseWindowContent(found.text);
  }

  /** Load of the last half hour, cpuPct; nothing where it is empty. */
  freshPct: readonly number[] = [];

  override check(
    windowId: string,
    asked: { readonly vmId: string; readonly rank: number },
  ): Promise<WindowCheck> {
    const nowMs = this.nowMs();
    const startMs = nowMs - this.freshPct.length * FIVE_MINUTES_MS;
    const fresh = { startMs, values: this.freshPct };
    return checkWindow(this.ports.windows, TENANT, { windowId, ...asked }, fresh, nowMs);
  }

  override async claim(
    windowId: string,
    asked: { readonly vmId: string; readonly rank: number; readonly leaseMs: number },
  ): Promise<Claim & { readonly serverMs: number }> {
    const whole = { windowId, executor: this.name, ...asked };
    const claim = await claimWindow(this.ports, TENANT, whole, this.nowMs());
    return { ...claim, serverMs: this.nowMs() + this.aheadMs };
  }

  override async renew(claim: Claim, leaseMs: number): Promise<void> {
    await renewClaim(this.ports, TENANT, claim, leaseMs, this.nowMs());
  }

  override async start(claim: Claim): Promise<void> {
    await startClaim(this.ports, TENANT, claim, this.nowMs());
  }

  override async release(claim: Claim): Promise<void> {
    await releaseClaim(this.ports, TENANT, claim);
  }

  override report(outcome: OutcomeInput) {
    return reportOutcome(this.ports, TENANT, outcomeSchema.parse(outcome), this.nowMs());
  }

  outcomes(): Promise<readonly StoredOutcome[]> {
    return this.ports.outcomes.list(TENANT, { after: 0, limit: 100 });
  }

  /** Publishes one window that is open now and ends `lengthMs` later. */
  async publish(
    vmId: string,
    mode: RankedWindow['advice']['mode'],
    lengthMs: number,
  ): Promise<{ readonly content: WindowContent; readonly window: RankedWindow }> {
    const nowMs = this.nowMs();
    const [revision] = await this.ports.windows.revisions(TENANT, [vmId]);
    const loadPct = { mean: 5, p05: 1, p50: 4, p95: 9 };
    const window: RankedWindow = {
      rank: 1,
      notBeforeMs: nowMs,
      latestStartMs: nowMs + lengthMs - 100,
      notAfterMs: nowMs + lengthMs,
      loadPct,
      baselineLoadPct: 20,
      cost: {
        totalTimeMs: { p50: 1_000, p95: 3_000 },
        downtimeMs: { p50: 30, p95: 100 },
        bytesSent: { p50: 3e7, p95: 9e7 },
        converges: true,
        successProb: 0.9,
        dirtySource: 'prior',
      },
      score: 5,
      confidence: 0.9,
      reasons: [],
      advice: { mode, cause: 'test' },
    };
    const document = windowDocumentOf({
      tenant: TENANT,
      runDate: '2026-01-01',
      vmId,
      revision: revision + 1,
      cutoffMs: nowMs - 1,
      expiresMs: nowMs + 86_400_000,
      models: { fiveMinute: 'm', hourly: 'm' },
      policy: 'auto',
      windows: [window],
    });
    await this.ports.windows.replace(TENANT, document);
    return { content: parseWindowContent(document.text), window };
  }

  private nowMs(): number {
    return this.clock.nowMs();
  }
}
