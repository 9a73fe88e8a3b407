// The documents of a generated fleet's night on ports in memory, in the order of vmId.
import { memoryNight } from '../../src/app/files/memory-night';
import type { Clock } from '../../src/core';
import {
  compactUntil,
  GeneratorSampleSource,
  ingestSamples,
  ROLLUP_SETTINGS,
  type GeneratorSettings,
} from '../../src/ingest';
import { runNight } from '../../src/predict';

export interface NightShape {
  readonly shardSize?: number;
  readonly workers?: number;
  readonly compactUntilMs?: number;
}

export async function memoryNightOf(
  generator: GeneratorSettings,
  clock: Clock,
  shape: NightShape = {},
): Promise<readonly string[]> {
  const night = memoryNight('auto', clock);
  const tenantId = 'north';
  await ingestSamples(new GeneratorSampleSource(generator), night.rollups, {
    settings: ROLLUP_SETTINGS,
    clock,
    partitions: [0],
  });
  if (shape.compactUntilMs !== undefined) {
    await compactUntil(night.rollups, night.objects, shape.compactUntilMs);
  }
  const { backend, isa } = night.kernels.report();
  const atMs = generator.endMs;
  const shardSize = shape.shardSize ?? 256;
  const request = { tenantId, timeZone: 'UTC', atMs, shardSize, backend, isa, codeVersion: '0' };
  const worker = { name: 'test' };
  const run = await runNight(request, night.ports, { workers: shape.workers ?? 1, worker });
  await night.ports.queue.close();
  const texts: string[] = [];
  for (const vmId of await night.ledger.vmIds(run.runId, 0, run.plan.vmCount)) {
    texts.push((await night.windows.document(tenantId, vmId))?.text ?? '');
  }
  return texts;
}
