// What a night said, beside what came: the next night's quantiles are shifted by it.
import { DAY_MS, HOUR_MS } from '../../src/core';
import {
  learnNight,
  NIGHT_FLEET_STEP,
  FLEET_STEP,
  openCalibration,
  type ForecastBatch,
} from '../../src/models';
import { HOURLY, runNight, type Run } from '../../src/predict';
import { readFleetStatistics } from '../../src/predict/fleet-statistics';
import { decodeState, stateKey } from '../../src/predict/night-state';
import { END_MS, ingestedNight, type NightLab } from './night-lab';

const VMS = 7;
const OPTIONS = { workers: 2, worker: { name: 'w' } };

async function nightAgo({ night, request }: NightLab, ago: number): Promise<Run> {
  const atMs = END_MS - ago * DAY_MS;
  return runNight({ ...request, atMs, shardSize: VMS }, night.ports, OPTIONS);
}

const stateOf = async ({ night }: NightLab, run: Run) =>
  decodeState(await night.objects.get(stateKey(run.runId, HOURLY, 0)));

/** The first day that came after a run's cutoff, hourly, in the order of its state. */
async function dayAfter({ night }: NightLab, run: Run, vmIndex: Int32Array): Promise<Float64Array> {
  const { cutoffMs } = run.plan;
  const { history } = night.ports.tenant('north');
  const rows = Uint32Array.from(vmIndex);
  const { values } = await history.series(
    HOUR_MS,
    rows,
    cutoffMs,
    cutoffMs + DAY_MS,
    night.kernels.history,
  );
  return values;
}

describe('the calibration of nights', () => {
  it('learns from each night what backtest would: shifts of VMs, and of the fleet', async () => {
    const lab = await ingestedNight(VMS, 9);
    const runs = [await nightAgo(lab, 2), await nightAgo(lab, 1), await nightAgo(lab, 0)];
    const states = await Promise.all(runs.map((run) => stateOf(lab, run)));
    expect(states[0].own.every((shift) => shift === 0)).toBe(true);
    expect((await readFleetStatistics(runs[0], lab.night.ledger)).shifts).toEqual({});
    const { blocks, levels } = states[0];
    let expected = openCalibration({ seriesCount: VMS, blocks, levels });
    for (let at = 1; at < runs.length; at += 1) {
      const { said, leads, vmIndex } = states[at - 1];
      const quantiles = Float64Array.from(said, (centi) => centi / 100);
      const forecast = { horizon: leads, levels, quantiles } as ForecastBatch;
      const values = await dayAfter(lab, runs[at - 1], vmIndex);
      const history = { values, length: leads, seriesCount: VMS, startMs: 0, stepMs: HOUR_MS };
      const learned = learnNight(expected, forecast, history, leads, 0);
      const fleet = expected.fleet.map(
        (shift, cell) => shift + ((learned.fleet[cell] - shift) * NIGHT_FLEET_STEP) / FLEET_STEP,
      );
      expected = { ...learned, fleet };
      expect(states[at].own).toEqual(expected.own);
      const { shifts } = await readFleetStatistics(runs[at], lab.night.ledger);
      expect(shifts?.hourly?.length).toBe(fleet.length);
      shifts?.hourly?.forEach((shift, cell) => expect(shift).toBeCloseTo(fleet[cell], 5));
    }
    expect(states[2].own.some((shift) => shift !== 0)).toBe(true);
  }, 60_000);

  it('keeps quantiles in order and inside the bounds in what it says', async () => {
    const lab = await ingestedNight(VMS, 9);
    await nightAgo(lab, 1);
    const { said, levels, leads } = await stateOf(lab, await nightAgo(lab, 0));
    for (let row = 0; row < VMS; row += 1) {
      for (let lead = 0; lead < leads; lead += 1) {
        const at = (level: number): number => said[(row * levels.length + level) * leads + lead];
        for (let level = 1; level < levels.length; level += 1) {
          expect(at(level)).toBeGreaterThanOrEqual(at(level - 1));
        }
        expect(at(levels.length - 1)).toBeLessThanOrEqual(40_000);
      }
    }
  }, 60_000);

  it('begins anew where the last night had other members', async () => {
    const lab = await ingestedNight(VMS, 9);
    const models = { hourly: ['naive', 'seasonal-naive'], fiveMinute: ['naive'] };
    const atMs = END_MS - DAY_MS;
    await runNight({ ...lab.request, atMs, shardSize: VMS, models }, lab.night.ports, OPTIONS);
    const state = await stateOf(lab, await nightAgo(lab, 0));
    expect(state.own.every((shift) => shift === 0)).toBe(true);
  }, 60_000);
});
