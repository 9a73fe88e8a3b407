// Reads the local sample log behind its writer, from any position.
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, MINUTE_MS } from '../../core';
import { SampleSource, type LogPosition, type SampleBatch } from '../../ingest';
import { logFiles, type EmbeddedSampleLog } from './embedded-sample-log';
import { decodeFrames, FRAME_BYTES_MAX } from './log-file';

const READ_BYTES = 4_194_304; // 4 MiB: about 100,000 samples
const POLL_MS = 50; // how long a sample waits at most beside its append

/** One partition; an offset is a byte of the log. */
export class EmbeddedSampleSource extends SampleSource {
  override readonly name = 'log';
  override readonly stepMs = MINUTE_MS;
  private next = 0;
  private closed = false;

  constructor(private readonly log: EmbeddedSampleLog) {
    super();
  }

  override open(positions: readonly LogPosition[]): Promise<void> {
    this.next = positions[0]?.nextOffset ?? logFiles(this.log.folder)[0]?.base ?? 0;
    if (this.next > this.log.endOffset) {
      throw new DomainError(
        'LOG_UNAVAILABLE',
        `the sample log ends at byte ${this.log.endOffset}, the store goes on at ${this.next}; ` +
          'was the log deleted?',
      );
    }
    return Promise.resolve();
  }

  override async read(options: {
    readonly maxSamples: number;
    readonly waitMs: number;
  }): Promise<SampleBatch | undefined> {
    for (let waitedMs = 0; this.next >= this.log.endOffset; waitedMs += POLL_MS) {
      if (this.closed || waitedMs >= options.waitMs) return undefined;
      await sleep(POLL_MS);
    }
    const file = logFiles(this.log.folder).findLast((one) => one.base <= this.next);
    if (file === undefined) {
      throw new DomainError('LOG_UNAVAILABLE', `byte ${this.next} of the sample log is gone`);
    }
    const durable = this.log.endOffset - this.next;
    let bytes = await readAt(file.path, this.next - file.base, Math.min(READ_BYTES, durable));
    let frames = decodeFrames(bytes, this.next, options.maxSamples);
    if (frames.usedBytes === 0 && frames.sound && bytes.length > 0) {
      bytes = await readAt(file.path, this.next - file.base, Math.min(FRAME_BYTES_MAX, durable));
      frames = decodeFrames(bytes, this.next, options.maxSamples);
    }
    if (!frames.sound && frames.records.length === 0) {
      throw new DomainError('LOG_UNAVAILABLE', `byte ${this.next} of '${file.path}' is damaged`);
    }
    if (frames.records.length === 0) return undefined;
    this.next += frames.usedBytes;
    return {
      next: { source: this.name, partition: 0, nextOffset: this.next },
      records: frames.records,
      ended: false,
    };
  }

  override commit(position: LogPosition): Promise<void> {
    return this.log.forgetBefore(position.nextOffset);
  }

  override close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

async function readAt(path: string, from: number, bytes: number): Promise<Buffer> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await file.read(buffer, 0, bytes, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
