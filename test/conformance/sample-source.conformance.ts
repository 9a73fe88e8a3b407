// What every live SampleSource promises, whatever log lies behind it.
import type { LogPosition, SampleLog, SampleSource } from '../../src/ingest';

export interface SampleSourceLab {
  readonly log: SampleLog;
  /** A fresh instance, as after a restart. */
  readonly open: () => SampleSource;
  readonly close: () => Promise<void>;
}

function recordOf(host: string, index: number) {
  return {
    key: host,
    contentType: 'application/json',
    body: Buffer.from(`{"i":${index},"h":"${host}"}`),
  };
}

interface Read {
  readonly partition: number;
  readonly offset: number;
  readonly text: string;
}

async function drain(
  source: SampleSource,
  atLeast: number,
): Promise<{ reads: Read[]; positions: Map<number, LogPosition> }> {
  const reads: Read[] = [];
  const positions = new Map<number, LogPosition>();
  const deadline = Date.now() + 20_000;
  while (reads.length < atLeast && Date.now() < deadline) {
    const batch = await source.read({ maxSamples: 7, waitMs: 100 });
    if (batch === undefined) continue;
    positions.set(batch.next.partition, batch.next);
    for (const record of batch.records) {
      const text = Buffer.from(record.body).toString();
      reads.push({ partition: batch.next.partition, offset: record.offset, text });
    }
  }
  return { reads, positions };
}

export function sampleSourceConformance(name: string, start: () => Promise<SampleSourceLab>): void {
  describe(`${name} as a SampleSource`, () => {
    let lab: SampleSourceLab;
    beforeEach(async () => {
      lab = await start();
      for (let index = 0; index < 30; index += 1)
        await lab.log.append(recordOf(`h${index % 3}`, index));
    }, 60_000);
    afterEach(async () => lab?.close());

    it('delivers every record whole, in the order of each partition', async () => {
      const source = lab.open();
      await source.open([]);
      const { reads } = await drain(source, 30);
      expect(reads.map((read) => JSON.parse(read.text).i).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 30 }, (_, index) => index),
      );
      for (const partition of new Set(reads.map((read) => read.partition))) {
        const offsets = reads
          .filter((read) => read.partition === partition)
          .map((read) => read.offset);
        expect(offsets).toEqual(offsets.toSorted((a, b) => a - b));
      }
      await source.close();
    });

    it('delivers a record again when it was read but not committed before a crash', async () => {
      const crashed = lab.open();
      await crashed.open([]);
      await drain(crashed, 10);
      await crashed.close();
      const source = lab.open();
      await source.open([]);
      expect((await drain(source, 30)).reads).toHaveLength(30);
      await source.close();
    });

    it('goes on at the position it is opened with', async () => {
      const first = lab.open();
      await first.open([]);
      const { reads, positions } = await drain(first, 12);
      for (const position of positions.values()) await first.commit(position);
      await first.close();
      const second = lab.open();
      await second.open([...positions.values()]);
      const rest = await drain(second, 30 - reads.length);
      const all = [...reads, ...rest.reads].map((read) => JSON.parse(read.text).i as number);
      expect(all.toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 30 }, (_, index) => index),
      );
      await second.close();
    });

    it('resolves empty after the wait when there is nothing, and delivers what comes then', async () => {
      const source = lab.open();
      await source.open([]);
      await drain(source, 30);
      expect(await source.read({ maxSamples: 7, waitMs: 50 })).toBeUndefined();
      await lab.log.append(recordOf('h9', 30));
      expect((await drain(source, 1)).reads.map((read) => JSON.parse(read.text).i)).toEqual([30]);
      await source.close();
    });
  });
}
