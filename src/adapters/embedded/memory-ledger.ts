// The ledger in memory: for file commands and unit tests. Nothing outlives the process.
import { hashId, type EpochMs, type Json } from '../../core';
import {
  Ledger,
  STAGES,
  type Run,
  type RunPlan,
  type ShardLease,
  type ShardRow,
  type Stage,
  type StageProgress,
} from '../../predict';

interface RunEntry {
  run: Run;
  readonly vmIds: readonly string[];
  readonly stages: Map<Stage, ShardRow[]>;
}

export class MemoryLedger extends Ledger {
  private readonly entries = new Map<string, RunEntry>();

  override openRun(request: {
    readonly tenantId: string;
    readonly runDate: string;
    readonly again: boolean;
    readonly plan: RunPlan;
    readonly vmIds: readonly string[];
    readonly nowMs: EpochMs;
  }): Promise<{ readonly run: Run; readonly joined: boolean }> {
    const { tenantId, runDate, again, plan, vmIds, nowMs } = request;
    const same = this.all().filter((run) => run.tenantId === tenantId && run.runDate === runDate);
    const running = same.find((run) => run.status === 'running');
    if (running !== undefined) return Promise.resolve({ run: running, joined: true });
    const published = same.find((run) => run.status === 'published');
    if (published !== undefined && !again) {
      return Promise.resolve({ run: published, joined: true });
    }
    const attempt = 1 + Math.max(0, ...same.map((run) => run.attempt));
    const runId = hashId(tenantId, runDate, attempt);
    const run: Run = {
      runId,
      tenantId,
      runDate,
      attempt,
      status: 'running',
      plan,
      startedMs: nowMs,
    };
    this.entries.set(runId, { run, vmIds: [...vmIds], stages: new Map() });
    return Promise.resolve({ run, joined: false });
  }

  override run(runId: string): Promise<Run | undefined> {
    return Promise.resolve(this.entries.get(runId)?.run);
  }

  override runs(tenantId: string, limit: number): Promise<readonly Run[]> {
    return Promise.resolve(
      this.all()
        .filter((run) => run.tenantId === tenantId)
        .toSorted((a, b) => newestFirst(a, b))
        .slice(0, limit),
    );
  }

  override running(): Promise<readonly Run[]> {
    return Promise.resolve(this.all().filter((run) => run.status === 'running'));
  }

  override async published(tenantId: string): Promise<Run | undefined> {
    const runs = await this.runs(tenantId, Number.MAX_SAFE_INTEGER);
    return runs.find((run) => run.status === 'published');
  }

  override vmIds(runId: string, first: number, count: number): Promise<readonly string[]> {
    return Promise.resolve(this.entries.get(runId)?.vmIds.slice(first, first + count) ?? []);
  }

  override planStage(
    runId: string,
    stage: Stage,
    ranges: readonly { readonly firstVm: number; readonly vmCount: number }[],
  ): Promise<void> {
    const stages = this.entries.get(runId)?.stages;
    if (stages !== undefined && !stages.has(stage)) {
      const rows = ranges.map((range, shard): ShardRow => ({
        runId,
        stage,
        shard,
        ...range,
        state: 'open',
        attempts: 0,
      }));
      stages.set(stage, rows);
    }
    return Promise.resolve();
  }

  override shards(runId: string, stage: Stage): Promise<readonly ShardRow[]> {
    return Promise.resolve([...(this.entries.get(runId)?.stages.get(stage) ?? [])]);
  }

  override lease(
    runId: string,
    stage: Stage,
    shard: number,
    worker: string,
    nowMs: EpochMs,
    leaseMs: number,
  ): Promise<ShardLease | undefined> {
    const row = this.entries.get(runId)?.stages.get(stage)?.[shard];
    const free =
      row?.state === 'open' || (row?.state === 'leased' && (row.leaseUntilMs ?? 0) <= nowMs);
    if (row === undefined || !free) return Promise.resolve(undefined);
    const attempts = row.attempts + 1;
    this.set({ ...row, state: 'leased', attempts, worker, leaseUntilMs: nowMs + leaseMs });
    const { firstVm, vmCount } = row;
    return Promise.resolve({ runId, stage, shard, firstVm, vmCount, attempts, worker });
  }

  override renew(lease: ShardLease, nowMs: EpochMs, leaseMs: number): Promise<boolean> {
    const row = this.held(lease);
    if (row !== undefined) this.set({ ...row, leaseUntilMs: nowMs + leaseMs });
    return Promise.resolve(row !== undefined);
  }

  override complete(lease: ShardLease, result: Json): Promise<boolean> {
    const row = this.held(lease);
    if (row !== undefined) this.set({ ...row, state: 'done', leaseUntilMs: undefined, result });
    return Promise.resolve(row !== undefined);
  }

  override release(lease: ShardLease, reason: string, maxAttempts: number): Promise<void> {
    const row = this.held(lease);
    if (row !== undefined) {
      const state = row.attempts < maxAttempts ? 'open' : 'failed';
      this.set({ ...row, state, leaseUntilMs: undefined, failure: reason });
    }
    return Promise.resolve();
  }

  override progress(runId: string): Promise<readonly StageProgress[]> {
    const stages = this.entries.get(runId)?.stages ?? new Map<Stage, ShardRow[]>();
    return Promise.resolve(
      STAGES.filter((stage) => stages.has(stage)).map((stage) => {
        const rows = stages.get(stage) ?? [];
        const count = (state: ShardRow['state']): number =>
          rows.filter((row) => row.state === state).length;
        return {
          stage,
          shards: rows.length,
          done: count('done'),
          failed: count('failed'),
          leased: count('leased'),
        };
      }),
    );
  }

  override failRun(runId: string, failure: string, nowMs: EpochMs): Promise<void> {
    const entry = this.entries.get(runId);
    if (entry?.run.status === 'running') {
      entry.run = { ...entry.run, status: 'failed', failure, endedMs: nowMs };
    }
    return Promise.resolve();
  }

  /** What the window store's publication does to the run, in PostgreSQL in its own transaction. */
  markPublished(runId: string, summary: Json, nowMs: EpochMs): void {
    const entry = this.entries.get(runId);
    if (entry?.run.status === 'running') {
      entry.run = { ...entry.run, status: 'published', summary, endedMs: nowMs };
    }
  }

  private all(): Run[] {
    return [...this.entries.values()].map((entry) => entry.run);
  }

  private held(lease: ShardLease): ShardRow | undefined {
    const row = this.entries.get(lease.runId)?.stages.get(lease.stage)?.[lease.shard];
    return row?.state === 'leased' && row.attempts === lease.attempts ? row : undefined;
  }

  private set(row: ShardRow): void {
    const rows = this.entries.get(row.runId)?.stages.get(row.stage);
    if (rows !== undefined) rows[row.shard] = row;
  }
}

function newestFirst(a: Run, b: Run): number {
  if (a.runDate !== b.runDate) return a.runDate < b.runDate ? 1 : -1;
  return b.attempt - a.attempt;
}
