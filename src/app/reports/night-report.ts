// What a published night is worth: expected load in the chosen windows beside now, random, and 02:00.
import { seedOf } from '../../core';
import {
  compareLoads,
  parseWindowContent,
  type ComparedVm,
  type WindowStore,
} from '../../migration';
import { FIVE_MINUTE, readVmForecast, type NightPorts, type Run } from '../../predict';

export interface NightReport {
  readonly comparedVms: number;
  readonly meanLoadPct?: {
    readonly now: number;
    readonly random: number;
    readonly '02:00': number;
    readonly chosen: number;
  };
  /** The VMs that gain most from their first window. */
  readonly best: readonly BestWindow[];
}

export interface BestWindow {
  readonly vmId: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly loadPct: number;
  readonly dayLoadPct: number;
  readonly downtimeMsP95: number;
}

const VMS_COMPARED_MAX = 1_000; // evenly spaced in the list: the mean of 1,000 VMs is sharp enough
const BEST_SHOWN = 20;

/** Reads documents and forecasts of up to 1,000 VMs of a published run. */
export async function nightReport(
  run: Run,
  ports: Pick<NightPorts, 'ledger' | 'objects'>,
  windows: WindowStore,
): Promise<NightReport> {
  const compared: ComparedVm[] = [];
  const best: BestWindow[] = [];
  for (const vmId of await sampleOfVms(run, ports)) {
    const document = await windows.document(run.tenantId, vmId);
    const first = document === undefined ? undefined : parseWindowContent(document.text).windows[0];
    if (first === undefined) continue;
    const forecast = await readVmForecast(run, vmId, FIVE_MINUTE, ports);
    if (forecast === undefined) continue;
    const { startMs, stepMs, mean } = forecast;
    const load = { startMs, stepMs, values: Float64Array.from(mean) };
    compared.push({ vmId, window: first, load });
    best.push({
      vmId,
      notBeforeMs: first.notBeforeMs,
      notAfterMs: first.notAfterMs,
      loadPct: first.loadPct.mean,
      dayLoadPct: first.baselineLoadPct,
      downtimeMsP95: first.cost.downtimeMs.p95,
    });
  }
  const { cutoffMs, timeZone } = run.plan;
  const seed = seedOf(run.tenantId, run.runDate);
  const { vms, meanLoadPct } = compareLoads(compared, { cutoffMs, timeZone, seed });
  const gain = (one: BestWindow): number => one.dayLoadPct - one.loadPct;
  const order = (a: BestWindow, b: BestWindow): number =>
    gain(b) - gain(a) || (a.vmId < b.vmId ? -1 : 1);
  return { comparedVms: vms, meanLoadPct, best: best.toSorted(order).slice(0, BEST_SHOWN) };
}

/** Up to 1,000 VMs of a run, evenly spaced. */
export async function sampleOfVms(
  run: Run,
  ports: Pick<NightPorts, 'ledger'>,
): Promise<readonly string[]> {
  const { vmCount } = run.plan;
  if (vmCount <= VMS_COMPARED_MAX) return ports.ledger.vmIds(run.runId, 0, vmCount);
  const ids: string[] = [];
  for (let at = 0; at < VMS_COMPARED_MAX; at += 1) {
    const row = Math.floor((at * vmCount) / VMS_COMPARED_MAX);
    ids.push(...(await ports.ledger.vmIds(run.runId, row, 1)));
  }
  return ids;
}
