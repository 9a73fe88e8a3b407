// The watch of drifting costs: gauges, and one line of the log at each change.
import { pino } from 'pino';
import { MemoryOutcomeStore } from '../../../src/adapters/embedded';
import { Metrics } from '../../../src/app/metrics';
import { driftWatch } from '../../../src/app/roles/drift-watch';
import type { Service } from '../../../src/app/composition/service';
import { readConfig } from '../../../src/config';
import { ManualClock } from '../../../src/core';
import { COST, recordOf } from '../../migration/outcomes/outcome-cases';

describe('the watch of drifting costs', () => {
  it('says once that costs drift, sets the gauges, and says once that they hold again', async () => {
    const lines: { msg: string; measure: string; direction?: string }[] = [];
    const log = pino(
      {},
      { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[number]) },
    );
    const outcomes = new MemoryOutcomeStore();
    const metrics = new Metrics();
    const clock = new ManualClock(1_000_000);
    const config = readConfig({ TENANT: 'north' });
    const parts: Partial<Service> = { outcomes, metrics, clock, config, log };
    const watch = driftWatch(parts as Service);
    const report = async (from: number, count: number, totalTimeMs: number): Promise<void> => {
      for (let at = from; at < from + count; at += 1) {
        const record = recordOf({ id: `o-${at}`, totalTimeMs, downtimeMs: 1, bytesSent: 1 });
        const outcome = { ...record.outcome, downtimeMs: undefined, bytesSent: undefined };
        await outcomes.put('north', { ...record, outcome, predicted: COST });
      }
      clock.advance(10_000);
      await watch();
      await watch(); // at once: it has looked
    };
    const gauge = async (name: string) =>
      (await metrics.registry.getSingleMetricAsString(name)) ?? '';

    await report(0, 30, 25_000);
    expect(lines).toMatchObject([{ measure: 'totalTimeMs', direction: 'dearer' }]);
    expect(await gauge('slackwater_cost_drift')).toContain('{measure="totalTimeMs"} 1');
    expect(await gauge('slackwater_cost_cover_ratio')).toContain(
      '{measure="totalTimeMs",level="p95"} 0',
    );
    await report(30, 1, 25_000);
    expect(lines).toHaveLength(1);
    for (let from = 100; from < 160; from += 2) {
      await report(from, 1, 9_000);
      await report(from + 1, 1, 15_000);
    }
    expect(lines.map(({ msg }) => msg)).toEqual([
      'predicted migration costs drift',
      'predicted migration costs hold again',
    ]);
    expect(await gauge('slackwater_cost_drift')).toContain('{measure="totalTimeMs"} 0');
  });
});
