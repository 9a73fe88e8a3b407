// One file per migration that virsh was told to make: it is durable before virsh is started, and
// ends with virsh's exit code. A later process reads there whether it began and how it ended.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { MigrationOrder } from '../../../migration';
import { hashOf } from '../orders';

export interface Run {
  readonly began: boolean;
  readonly exitCode?: number;
  /** What virsh said. */
  readonly said: string;
  /** From the call to the end, or to now, by this machine's clock. */
  readonly lengthMs: number;
}

const KEPT_MS = 30 * 86_400_000;

export class RunFiles {
  constructor(private readonly folder: string) {}

  /** It must exist before the first order; where it is gone, nothing can be told of earlier ones. */
  get exists(): boolean {
    return existsSync(this.folder);
  }

  make(): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const nowMs = Date.now();
    for (const name of readdirSync(this.folder)) {
      const path = join(this.folder, name);
      if (nowMs - statSync(path).mtimeMs > KEPT_MS) rmSync(path);
    }
  }

  /** Throws EEXIST where the order was begun before. */
  async begin(order: MigrationOrder): Promise<FileHandle> {
    const file = await open(this.path(order), 'ax', 0o600);
    await file.write(`began ${Date.now()}\n`);
    await file.sync();
    const folder = await open(this.folder, 'r');
    await folder.sync();
    await folder.close();
    return file;
  }

  /** virsh was not started after all. */
  drop(order: MigrationOrder): void {
    rmSync(this.path(order));
  }

  read(order: MigrationOrder): Run {
    const path = this.path(order);
    if (!existsSync(path)) return { began: false, said: '', lengthMs: 0 };
    const text = readFileSync(path, 'utf8');
    const [, beganMs = '0', body = ''] = /^began (\d+)\n([\s\S]*)$/.exec(text) ?? [];
    const exit = /(?:^|\n)exit (\d+)\n$/.exec(body);
    return {
      began: true,
      exitCode: exit === null ? undefined : Number(exit[1]),
      said: exit === null ? body : body.slice(0, exit.index),
      lengthMs: (exit === null ? Date.now() : statSync(path).mtimeMs) - Number(beganMs),
    };
  }

  private path(order: MigrationOrder): string {
    return join(this.folder, `${hashOf(order).slice(0, 32)}.log`);
  }
}
