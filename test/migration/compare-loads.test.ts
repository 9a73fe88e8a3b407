// The comparison with now, random, and 02:00, and the explanation of a document.
import { DAY_MS, FIVE_MINUTES_MS } from '../../src/core';
import { compareLoads, explainWindows, nextTwoOClock } from '../../src/migration';
import type { WindowContent } from '../../src/migration';

const CUTOFF_MS = Date.UTC(2026, 8, 15, 22);
const HOUR_MS = 3_600_000;

describe('comparing loads', () => {
  it('takes the means of the same VMs over spans of equal length', () => {
    const values = Float64Array.from({ length: 288 }, (_, t) => Math.floor(t / 12));
    const load = { startMs: CUTOFF_MS, stepMs: FIVE_MINUTES_MS, values };
    const window = { notBeforeMs: CUTOFF_MS + HOUR_MS, notAfterMs: CUTOFF_MS + 2 * HOUR_MS };
    const gap = { ...load, values: new Float64Array(288).fill(NaN) };
    const vms = [
      { vmId: 'a', window, load },
      { vmId: 'b', window, load: gap },
    ];
    const day = { cutoffMs: CUTOFF_MS, timeZone: 'UTC', seed: 7 };
    const compared = compareLoads(vms, day);
    expect(compared.vms).toBe(1);
    expect(compared.meanLoadPct).toMatchObject({ now: 0, '02:00': 4, chosen: 1 });
    expect(compareLoads(vms, day)).toEqual(compared);
    expect(compareLoads([], day)).toEqual({ vms: 0 });
  });

  it('finds 02:00 in the zone of the tenant, and the moment after a clock that jumped over it', () => {
    expect(nextTwoOClock(CUTOFF_MS, 'UTC')).toBe(Date.UTC(2026, 8, 16, 2));
    expect(nextTwoOClock(CUTOFF_MS, 'Europe/Helsinki')).toBe(Date.UTC(2026, 8, 15, 23));
    expect(nextTwoOClock(Date.UTC(2026, 8, 16, 2), 'UTC')).toBe(Date.UTC(2026, 8, 16, 2));
    const spring = Date.UTC(2026, 2, 28, 12); // Berlin jumps from 02:00 to 03:00 on 29 March
    expect(nextTwoOClock(spring, 'Europe/Berlin')).toBe(Date.UTC(2026, 2, 29, 1));
  });
});

describe('an explanation', () => {
  const content: WindowContent = {
    schema: 'lm.windows.v1',
    id: 'x',
    idempotencyKey: 'x',
    tenant: 'north',
    runDate: '2026-09-15',
    vmId: 'a',
    revision: 1,
    cutoffMs: CUTOFF_MS,
    expiresMs: CUTOFF_MS + DAY_MS,
    models: { fiveMinute: 'naive', hourly: 'arima' },
    policy: 'auto',
    windows: [],
    reason: 'no forecast: 3 hours of history; 48 are needed',
  };

  it('says why there is no window', () => {
    expect(explainWindows(content, CUTOFF_MS)).toMatchObject({
      verdict: 'none',
      answer: 'No window: no forecast: 3 hours of history; 48 are needed.',
    });
  });

  it('names the quietest and the busiest hour of the forecast', () => {
    const meanPct = Array.from({ length: 288 }, (_, t) => Math.abs(t - 150));
    const told = explainWindows(content, CUTOFF_MS, { stepMs: FIVE_MINUTES_MS, meanPct });
    expect(told.busiestHour?.startMs).toBe(CUTOFF_MS);
    expect(told.quietestHour?.startMs).toBe(CUTOFF_MS + 12 * HOUR_MS);
  });
});
