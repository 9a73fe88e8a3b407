// Watches reported outcomes for predictions that drift: gauges, and one log line at each change.
import {
  costCoverage,
  costDrift,
  DRIFT_MIGRATIONS,
  outcomePages,
  type StoredOutcome,
} from '../../migration';
import type { Service } from '../composition/service';

const LOOK_EVERY_MS = 10_000; // the relay passes by far more often; migrations take minutes

/**
 * Reads what came since the look before, from the beginning after a restart; of the tenant of the
 * configuration. Called as often as one likes.
 */
export function driftWatch(service: Service): () => Promise<void> {
  const { TENANT: tenantId } = service.config;
  let position = 0;
  let lookedMs = Number.NEGATIVE_INFINITY;
  let newest: readonly StoredOutcome[] = [];
  let drifting = new Set<string>();
  return async () => {
    const nowMs = service.clock.monotonicMs();
    if (nowMs - lookedMs < LOOK_EVERY_MS) return;
    lookedMs = nowMs;
    for await (const page of outcomePages(service.outcomes, tenantId, position)) {
      position = page[page.length - 1].position;
      const learned = page.filter(({ judgement }) => judgement.learned);
      newest = [...newest, ...learned].slice(-DRIFT_MIGRATIONS);
    }
    const { costCover, costDrifts } = service.metrics;
    for (const { measure, p50Cover, p95Cover } of costCoverage(newest)) {
      if (p50Cover !== undefined) costCover.set({ measure, level: 'p50' }, p50Cover);
      if (p95Cover !== undefined) costCover.set({ measure, level: 'p95' }, p95Cover);
      costDrifts.set({ measure }, 0);
    }
    const found = costDrift(newest);
    for (const { measure, direction, reason } of found) {
      costDrifts.set({ measure }, direction === 'dearer' ? 1 : -1);
      if (drifting.has(measure)) continue;
      service.log.warn({ measure, direction, reason }, 'predicted migration costs drift');
    }
    for (const measure of drifting) {
      if (found.some((drift) => drift.measure === measure)) continue;
      service.log.info({ measure }, 'predicted migration costs hold again');
    }
    drifting = new Set(found.map(({ measure }) => measure));
  };
}
