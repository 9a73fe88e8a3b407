// The local sample log: append-only files, one fsync for all appends that wait, torn tails cut off.
import { mkdirSync, readdirSync, readFileSync, statSync, truncateSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '../../core';
import { SampleLog } from '../../ingest';
import { decodeFrames, encodeFrame } from './log-file';

const ROTATE_BYTES = 67_108_864; // 64 MiB: a day of 1,000 VMs is some 20 MB
const NAME = /^samples-(\d{16})\.log$/;

interface Append {
  readonly frame: Buffer;
  readonly resolve: () => void;
  readonly reject: (error: DomainError) => void;
}

/** One file: bytes [base, base + its size) of the log. */
export interface LogFile {
  readonly base: number;
  readonly path: string;
}

/** Files of a log folder in order. */
export function logFiles(folder: string): readonly LogFile[] {
  return readdirSync(folder)
    .flatMap((name) => {
      const match = NAME.exec(name);
      return match === null ? [] : [{ base: Number(match[1]), path: join(folder, name) }];
    })
    .toSorted((a, b) => a.base - b.base);
}

/**
 * The writer; one per folder, which the data folder's lock sees to. `append` resolves after fsync.
 * A full disk is DISK_FULL; the log stays as it was before the append.
 */
export class EmbeddedSampleLog extends SampleLog {
  private waiting: Append[] = [];
  private writing: Promise<void> | undefined;
  private file: FileHandle | undefined;

  private constructor(
    readonly folder: string,
    private base: number,
    private size: number,
  ) {
    super();
  }

  /** Cuts a torn tail off the last file: its append was never acknowledged. */
  static open(folder: string): EmbeddedSampleLog {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const last = logFiles(folder).at(-1);
    if (last === undefined) return new EmbeddedSampleLog(folder, 0, 0);
    const { usedBytes } = decodeFrames(readFileSync(last.path), last.base, Number.MAX_SAFE_INTEGER);
    if (usedBytes < statSync(last.path).size) truncateSync(last.path, usedBytes);
    return new EmbeddedSampleLog(folder, last.base, usedBytes);
  }

  /** Bytes [0, end) are durable. */
  get endOffset(): number {
    return this.base + this.size;
  }

  override append(record: {
    readonly contentType: string;
    readonly body: Uint8Array;
  }): Promise<void> {
    const frame = encodeFrame(record.contentType, record.body);
    return new Promise((resolve, reject) => {
      this.waiting.push({ frame, resolve, reject });
      this.writing ??= this.writeAll();
    });
  }

  /** Deletes files that lie wholly before `offset`: every effect of them is durable elsewhere. */
  async forgetBefore(offset: number): Promise<void> {
    const files = logFiles(this.folder);
    for (let at = 0; at + 1 < files.length; at += 1) {
      if (files[at + 1].base > offset) return;
      await rm(files[at].path, { force: true });
    }
  }

  override async close(): Promise<void> {
    await this.writing;
    await this.file?.close();
    this.file = undefined;
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(Buffer.concat(batch.map((one) => one.frame)));
        for (const one of batch) one.resolve();
      } catch (cause) {
        const error = fault(this.folder, cause);
        for (const one of batch) one.reject(error);
      }
    }
    // In the same turn as the last look at `waiting`: an append in between would wait for ever.
    this.writing = undefined;
  }

  private async write(bytes: Buffer): Promise<void> {
    if (this.size >= ROTATE_BYTES) await this.rotate();
    this.file ??= await open(this.pathOf(this.base), 'a', 0o600);
    try {
      await this.file.write(bytes);
      await this.file.datasync();
      this.size += bytes.length;
    } catch (error) {
      await this.file.truncate(this.size); // nothing of an unacknowledged append may stay
      throw error;
    }
  }

  private async rotate(): Promise<void> {
    await this.file?.close();
    this.file = undefined;
    this.base += this.size;
    this.size = 0;
  }

  private pathOf(base: number): string {
    return join(this.folder, `samples-${String(base).padStart(16, '0')}.log`);
  }
}

function fault(folder: string, cause: unknown): DomainError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT'
    ? new DomainError('DISK_FULL', `no space for the sample log in '${folder}'`, {}, { cause })
    : new DomainError('LOG_UNAVAILABLE', `the sample log: ${message}`, {}, { cause });
}
