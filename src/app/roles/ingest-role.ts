// The ingest role: samples from the log or topic into roll-ups, until it is told to stop.
import { DomainError } from '../../core';
import {
  ingestSamples,
  ROLLUP_SETTINGS,
  type IngestCounters,
  type SampleSource,
} from '../../ingest';
import type { Service } from '../composition/service';

export interface IngestFeed {
  readonly source: SampleSource;
  readonly partitions: readonly number[];
}

/** `open` makes a fresh source for each life of the role. */
export function ingestRole(
  service: Service,
  open: () => Promise<IngestFeed>,
): (signal: AbortSignal) => Promise<void> {
  return async (signal) => {
    const { config, clock, metrics, ports, log } = service;
    const { rollups } = ports.tenant(config.TENANT);
    const { source, partitions } = await open();
    let before = await rollups.counters();
    try {
      await ingestSamples(source, rollups, {
        settings: { ...ROLLUP_SETTINGS, stepMs: source.stepMs },
        clock,
        partitions,
        signal,
        onCommit: (counters, watermarkMs) => {
          for (const outcome of ['received', 'stored', 'duplicate', 'quarantined'] as const) {
            metrics.samples.inc({ outcome }, counters[outcome]);
          }
          if (watermarkMs !== undefined) metrics.watermark.set(watermarkMs / 1_000);
        },
      });
    } catch (error) {
      const fenced = error instanceof DomainError && error.code === 'POSITION_FENCED';
      if (!fenced) throw error;
      log.warn({ source: source.name }, 'another process reads the samples now');
    } finally {
      await source.close();
      before = difference(await rollups.counters(), before);
      log.info({ source: source.name, ...before }, 'ingest paused');
    }
  };
}

function difference(after: IngestCounters, before: IngestCounters): IngestCounters {
  return {
    received: after.received - before.received,
    stored: after.stored - before.stored,
    duplicate: after.duplicate - before.duplicate,
    quarantined: after.quarantined - before.quarantined,
  };
}
