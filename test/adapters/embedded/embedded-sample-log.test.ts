import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedSampleLog, EmbeddedSampleSource, logFiles } from '../../../src/adapters/embedded';
import { sampleSourceConformance } from '../../conformance/sample-source.conformance';

const JSON_TYPE = 'application/json';

sampleSourceConformance('the local log', async () => {
  const log = EmbeddedSampleLog.open(mkdtempSync(join(tmpdir(), 'slackwater-log-')));
  return { log, open: () => new EmbeddedSampleSource(log), close: () => log.close() };
});

describe('the local sample log', () => {
  const newFolder = (): string => mkdtempSync(join(tmpdir(), 'slackwater-log-'));

  it('cuts off a tail that was torn by a crash, and keeps what was acknowledged', async () => {
    const folder = newFolder();
    const log = EmbeddedSampleLog.open(folder);
    await log.append({ contentType: JSON_TYPE, body: Buffer.from('{"a":1}') });
    await log.close();
    const end = log.endOffset;
    const path = logFiles(folder)[0].path;
    const whole = readFileSync(path);
    for (let torn = 1; torn < whole.length; torn += 1) {
      writeFileSync(path, whole);
      appendFileSync(path, whole.subarray(0, torn));
      expect(EmbeddedSampleLog.open(folder).endOffset).toBe(end);
      expect(readFileSync(path)).toHaveLength(end);
    }
  });

  it('refuses to go on where its files were deleted under the position of the store', async () => {
    const source = new EmbeddedSampleSource(EmbeddedSampleLog.open(newFolder()));
    expect(() => source.open([{ source: 'log', partition: 0, nextOffset: 99 }])).toThrow(
      'the sample log ends at byte 0, the store goes on at 99',
    );
  });

  it('says that a byte is damaged instead of skipping a record', async () => {
    const folder = newFolder();
    const log = EmbeddedSampleLog.open(folder);
    await log.append({ contentType: JSON_TYPE, body: Buffer.from('{"a":1}') });
    const path = logFiles(folder)[0].path;
    const bytes = readFileSync(path);
    bytes[bytes.length - 2] ^= 1;
    writeFileSync(path, bytes);
    const source = new EmbeddedSampleSource(log);
    await source.open([]);
    await expect(source.read({ maxSamples: 10, waitMs: 10 })).rejects.toThrow('is damaged');
    await log.close();
  });

  it('acknowledges many appends with few fsyncs, each record once', async () => {
    const log = EmbeddedSampleLog.open(newFolder());
    const bodies = Array.from({ length: 500 }, (_, index) => Buffer.from(`{"i":${index}}`));
    await Promise.all(bodies.map((body) => log.append({ contentType: JSON_TYPE, body })));
    const source = new EmbeddedSampleSource(log);
    await source.open([]);
    const batch = await source.read({ maxSamples: 1_000, waitMs: 10 });
    expect(batch?.records.map((record) => Buffer.from(record.body).toString())).toEqual(
      bodies.map(String),
    );
    await log.close();
  });
});
