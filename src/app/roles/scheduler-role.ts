// The scheduler: moves running nights on, starts tonight's in time, compacts days, forgets old ones.
import { bucketStart, DAY_MS, HOUR_MS, localDate, MINUTE_MS, type EpochMs } from '../../core';
import { forgetOldSegments, settledUntil, type PartitionProgress } from '../../ingest';
import { advanceRun, type Advance } from '../../predict';
import type { Service } from '../composition/service';

const COMPACT_EVERY_MS = 10 * MINUTE_MS;
const LATE_HORIZON_MS = 25 * HOUR_MS; // a day can be corrected for 24 h after its end

export function schedulerRole(service: Service): (signal: AbortSignal) => Promise<void> {
  let compactedMs = Number.NEGATIVE_INFINITY;
  let progress: readonly PartitionProgress[] = [];
  const stages = new Map<string, Advance>(); // of each running night, to log where it changes
  return async (signal) => {
    const nowMs = service.clock.nowMs();
    await advanceNights(service, stages, signal);
    await startTonight(service, nowMs);
    if (nowMs - compactedMs >= COMPACT_EVERY_MS) {
      progress = await compactDays(service, nowMs, progress);
      await tellNewest(service);
      compactedMs = nowMs;
    }
  };
}

async function advanceNights(
  service: Service,
  stages: Map<string, Advance>,
  signal: AbortSignal,
): Promise<void> {
  const { ports, log } = service;
  const running = await ports.ledger.running();
  for (const run of running) {
    if (signal.aborted) return;
    const stage = await advanceRun(run, ports);
    if (stage === 'ended' || stages.get(run.runId) === stage) continue;
    stages.set(run.runId, stage);
    const { runId, runDate, attempt } = run;
    log.info({ runId, runDate, attempt, stage }, 'the night goes on');
  }
  for (const runId of stages.keys()) {
    if (running.some((run) => run.runId === runId)) continue;
    stages.delete(runId);
    await tellEnd(service, runId);
  }
}

/** After a restart the gauge would stand at 1970. */
async function tellNewest({ config, ports, metrics }: Service): Promise<void> {
  const newest = await ports.ledger.published(config.TENANT);
  if (newest?.endedMs !== undefined) metrics.published.set(newest.endedMs / 1_000);
}

async function tellEnd({ ports, log, metrics }: Service, runId: string): Promise<void> {
  const run = await ports.ledger.run(runId);
  if (run === undefined || run.status === 'running') return;
  const { runDate, attempt, status, failure, startedMs, endedMs } = run;
  const seconds = endedMs === undefined ? undefined : (endedMs - startedMs) / 1_000;
  metrics.nights.inc({ outcome: status });
  if (status === 'published' && endedMs !== undefined) metrics.published.set(endedMs / 1_000);
  const told = { runId, runDate, attempt, seconds, failure };
  if (status === 'failed') log.error(told, 'the night failed');
  else log.info(told, 'the night is published');
}

/** A missed night is caught up: it starts as soon as somebody is there to start it. */
async function startTonight(service: Service, nowMs: EpochMs): Promise<void> {
  const { config, ports, log } = service;
  if (config.NIGHT_AT === 'off') return;
  const { TENANT: tenantId, TENANT_TIME_ZONE: timeZone } = config;
  const dueMs = lastInstantOf(config.NIGHT_AT, timeZone, nowMs);
  const runDate = localDate(dueMs, timeZone);
  const [newest] = await ports.ledger.runs(tenantId, 1);
  // The first night is an operator's decision.
  if (newest === undefined || newest.runDate >= runDate) return;
  const { run } = await service.startRun(tenantId, { atMs: dueMs });
  log.info({ runId: run.runId, runDate: run.runDate }, 'the night started by itself');
}

/** The last time that the zone's clock showed HH:MM, at or before `nowMs`. */
export function lastInstantOf(time: string, timeZone: string, nowMs: EpochMs): EpochMs {
  const shown = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const from = bucketStart(nowMs, MINUTE_MS);
  // 25 hours back: on the day the clocks go forward the time may not exist, then the day before.
  for (let back = 0; back < 49 * 60; back += 1) {
    const at = from - back * MINUTE_MS;
    if (shown.format(at) === time) return at;
  }
  return from - DAY_MS;
}

/** Returns how far each partition had come, for the next time. */
async function compactDays(
  service: Service,
  nowMs: EpochMs,
  before: readonly PartitionProgress[],
): Promise<readonly PartitionProgress[]> {
  const { config, ports, log } = service;
  const { rollups } = ports.tenant(config.TENANT);
  const progress = await rollups.progress();
  const until = Math.min(nowMs, settledUntil(before, progress)) - LATE_HORIZON_MS;
  const days = await service.compact(until);
  const retention = {
    fiveMinuteDays: config.RETENTION_5MIN_DAYS,
    hourlyDays: config.RETENTION_HOURLY_DAYS,
  };
  const forgotten = await forgetOldSegments(rollups, ports.objects, nowMs, retention);
  if (days > 0 || forgotten > 0) log.info({ days, forgotten }, 'days compacted, files forgotten');
  return progress;
}
