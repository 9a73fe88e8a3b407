// The report of the newest published run, made once per run.
import type { Run } from '../../predict';
import type { Service } from '../composition/service';
import { nightReport, type NightReport } from './night-report';

const cache = new WeakMap<object, Map<string, Promise<NightReport>>>();
const RUNS_KEPT = 4;

export function cachedReport(service: Service, run: Run): Promise<NightReport> {
  const kept = cache.get(service) ?? new Map<string, Promise<NightReport>>();
  cache.set(service, kept);
  let report = kept.get(run.runId);
  if (report === undefined) {
    report = nightReport(run, service.ports, service.windows);
    report.catch(() => kept.delete(run.runId)); // the next request tries again
    kept.set(run.runId, report);
    for (const old of [...kept.keys()].slice(0, -RUNS_KEPT)) kept.delete(old);
  }
  return report;
}
