import { mkdtempSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryRollupStore } from '../../src/adapters/embedded';
import { ManualClock } from '../../src/core';
import { FileSampleSource, ingestSamples, ROLLUP_SETTINGS } from '../../src/ingest';
import { describeWithData } from '../test-data';

const SETTINGS = { ...ROLLUP_SETTINGS, stepMs: 300_000, bounded: true };
const HEADER =
  'Timestamp [ms];\tCPU cores;\tCPU capacity provisioned [MHZ];\tCPU usage [MHZ];\tCPU usage [%];\tMemory capacity provisioned [KB];\tMemory usage [KB];\tDisk read throughput [KB/s];\tDisk write throughput [KB/s];\tNetwork received throughput [KB/s];\tNetwork transmitted throughput [KB/s]';

async function ingest(path: string) {
  const store = new MemoryRollupStore();
  const source = new FileSampleSource(path, 300_000);
  const clock = new ManualClock(0);
  const counters = await ingestSamples(source, store, {
    settings: SETTINGS,
    clock,
    partitions: [0],
  });
  const rows = new Map<string, number>();
  const names = (await store.vms()).map((vm) => vm.vmId);
  for await (const block of store.readBlocks(0, 2e12)) {
    block.vmIndex.forEach((vm, at) =>
      rows.set(`${names[vm]} ${block.startMs / 1_000}`, block.maxCenti[at]),
    );
  }
  return { counters, rows, source, store };
}

describe('the Bitbrains format', () => {
  const line = (seconds: number, pct: number): string =>
    `${seconds};\t2;\t5200;\t50;\t${pct};\t4194304.0;\t1.0;\t0.0;\t0.0;\t0.0;\t0.0`;

  it('survives jitter, repeats, and rubbish: the first of a bucket counts, the rest is accounted for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slackwater-bitbrains-'));
    mkdirSync(join(folder, 'raw'));
    const rows = [
      line(1_375_308_001, 1.5),
      line(1_375_308_299, 2.25),
      line(1_375_308_001, 9),
      'rubbish',
      line(1_375_308_601, 182),
    ];
    writeFileSync(join(folder, 'raw', '20.csv'), `${[HEADER, ...rows].join('\n')}\n`);
    const { counters, rows: stored, source } = await ingest(join(folder, 'raw'));
    expect(counters).toEqual({ received: 5, stored: 3, duplicate: 1, quarantined: 1 });
    expect(Object.fromEntries(stored)).toEqual({
      '20 1375308000': 150,
      '20 1375308300': 225,
      '20 1375308600': 18_200,
    });
    expect(source.vmSpecs).toEqual([{ vmId: '20', vcpus: 2, memoryBytes: 4_294_967_296 }]);
  });

  it('says that a folder has no usable row', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'slackwater-bitbrains-'));
    await expect(ingest(folder)).rejects.toThrow(`input '${folder}' has no usable row`);
  });
});

describeWithData('45 VMs as published', 'bitbrains-rnd/raw-2013-8-46vms.tar.gz', (file) => {
  it('are read from the archive; every row is stored, a repeat, or in quarantine', async () => {
    const { counters, store } = await ingest(file);
    expect(counters.received).toBeGreaterThan(350_000);
    expect(counters.stored + counters.duplicate + counters.quarantined).toBe(counters.received);
    expect(counters.stored).toBeGreaterThan(0.95 * counters.received);
    expect(await store.vms()).toHaveLength(45);
  });
});
