// GET /v1/runs/{id}/hindsight: documents of the night and loads that came, of up to 1,000 VMs.
import { DAY_MS, FIVE_MINUTES_MS, type EpochMs } from '../../core';
import {
  hindsightOf,
  parseWindowContent,
  WINDOW_DEFAULTS,
  type Hindsight,
  type HindsightVm,
  type WindowContent,
} from '../../migration';
import type { Run } from '../../predict';
import type { Service } from '../composition/service';
import { sampleOfVms } from './night-report';

export interface HindsightReport extends Hindsight {
  readonly runId: string;
  readonly runDate: string;
  readonly cutoffMs: EpochMs;
  /** false: the day of the windows is not over, and is compared as far as it is known. */
  readonly complete: boolean;
}

export async function hindsightReport(service: Service, run: Run): Promise<HindsightReport> {
  const { cutoffMs, timeZone } = run.plan;
  const { rollups, history } = service.ports.tenant(run.tenantId);
  const vmIds = await sampleOfVms(run, service.ports);
  const documents = await service.windows.nightDocuments(run.tenantId, run.runId, vmIds);
  const contents = documents.map(({ text }) => parseWindowContent(text));
  const chosen = contents.filter(({ windows }) => windows.length > 0);
  const records = await rollups.vmRecords(chosen.map(({ vmId }) => vmId));
  const endMs = cutoffMs + DAY_MS;
  const indexes = Uint32Array.from(records, ({ vmIndex }) => vmIndex);
  const loads = await history.fiveMinute(indexes, cutoffMs, endMs);
  const row = new Map(records.map((record, at) => [record.vmId, at]));
  const vms = chosen.flatMap((content): HindsightVm[] => {
    const at = row.get(content.vmId);
    if (at === undefined) return [];
    const values = loads.values.subarray(at * loads.length, (at + 1) * loads.length);
    const load = { startMs: loads.startMs, stepMs: FIVE_MINUTES_MS, values };
    const { vcpus, memoryBytes } = records[at];
    return [{ ...firstWindow(content), size: { vcpus, memoryBytes }, load }];
  });
  const firstStartMs = cutoffMs + WINDOW_DEFAULTS.leadMs;
  return {
    runId: run.runId,
    runDate: run.runDate,
    cutoffMs,
    complete: service.clock.nowMs() >= endMs,
    ...hindsightOf(vms, { cutoffMs, firstStartMs, endMs, timeZone }),
  };
}

function firstWindow({ vmId, windows }: WindowContent): Omit<HindsightVm, 'size' | 'load'> {
  const [{ advice, notBeforeMs, notAfterMs, loadPct }] = windows;
  const mode = advice.mode === 'do-not-migrate' ? 'pre-copy' : advice.mode;
  return { vmId, mode, window: { notBeforeMs, notAfterMs, loadPct } };
}
