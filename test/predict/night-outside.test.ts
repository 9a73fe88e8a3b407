import { join } from 'node:path';
import { CommandProcess } from '../../src/adapters/process';
import { memberNames } from '../../src/models';
import { FIVE_MINUTE, HOURLY, runNight, type RunSummary } from '../../src/predict';
import { documentsOf, ingestedNight } from './night-lab';

const PROGRAM = join(__dirname, '../models/outside/outside-program.cjs');
const VMS = Array.from({ length: 5 }, (_, at) => `vm-00000${at}`);
const BOUNDS = { secondsMax: 20, memoryBytesMax: 1 << 30 };

/** A night whose hourly members have a program that answers in this manner; none: without it. */
async function nightWith(manner?: string) {
  const { night, request } = await ingestedNight(VMS.length);
  const outside = new Map(
    manner === undefined
      ? []
      : [['mine', new CommandProcess([process.execPath, PROGRAM, manner], BOUNDS)] as const],
  );
  const models = {
    hourly: [...memberNames(HOURLY.stepsPerDay), ...outside.keys()],
    fiveMinute: memberNames(FIVE_MINUTE.stepsPerDay),
  };
  const ports = { ...night.ports, outside };
  const run = await runNight({ ...request, models }, ports, { workers: 2, worker: { name: 'w' } });
  const summary = run.summary as unknown as RunSummary;
  return { summary, documents: await documentsOf(night, VMS) };
}

describe('a night with a model from outside', () => {
  it('judges it beside the others and says how it did', async () => {
    const { summary, documents } = await nightWith('last');
    const mine = summary.errors.filter(({ model }) => model === 'mine');
    expect(mine).toMatchObject([{ resolution: 'hourly', pinballPct: expect.any(Number) }]);
    expect(summary.refusals).toEqual({});
    expect(documents.every((text) => text !== undefined)).toBe(true);
  }, 60_000);

  it('gives every VM its windows when the program crashes, and counts why', async () => {
    const { summary } = await nightWith('crash');
    expect(summary.refusals).toEqual({
      "'mine' ended with exit code 3: out of coffee": VMS.length,
    });
    expect(summary.vmsWithWindows).toBe(VMS.length);
    expect(summary.abstentions).toEqual({});
  }, 60_000);
});
