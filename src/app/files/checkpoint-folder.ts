// Checkpoints of trainings as files of one folder: written whole, gone when their training has ended.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../models';
import type { ModelPurpose } from '../../predict';
import { writeWhole } from './write-whole';

export class CheckpointFolder {
  private readonly files: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly stepSec: number,
  ) {}

  /** The place of one training. Its `write` throws DISK_FULL. */
  of(name: string, purpose: ModelPurpose): Checkpoint {
    const file = join(this.folder, `${name}-${this.stepSec}-${purpose}.checkpoint`);
    this.files.push(file);
    return {
      read: () => readIfThere(file),
      write: (bytes) => writeWhole(file, [bytes]),
    };
  }

  /** The trainings have ended: nothing is left to go on from. */
  async clear(): Promise<void> {
    for (const file of this.files) await rm(file, { force: true });
  }
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
