// The journal as one file of JSON lines: appended and fsynced; rewritten when it is opened.
import { existsSync, readFileSync } from 'node:fs';
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DomainError } from '../../core';
import { Journal, type OpenMigration } from '../../migration';

type Line =
  | { readonly open: OpenMigration }
  | { readonly closed: { readonly vmId: string; readonly token: number } };

export class FileJournal extends Journal {
  private constructor(
    private readonly file: FileHandle,
    private readonly entries: Map<string, OpenMigration>,
  ) {
    super();
  }

  /** Throws INPUT_UNREADABLE where a line before the last is broken. One process per file. */
  static async at(path: string): Promise<FileJournal> {
    const entries = existsSync(path) ? read(path) : new Map<string, OpenMigration>();
    const fresh = await open(`${path}.new`, 'w', 0o600);
    for (const entry of entries.values()) await fresh.write(`${JSON.stringify({ open: entry })}\n`);
    await fresh.sync();
    await rename(`${path}.new`, path);
    const folder = await open(dirname(path), 'r');
    await folder.sync();
    await folder.close();
    return new FileJournal(fresh, entries);
  }

  override async open(entry: OpenMigration): Promise<void> {
    await this.append({ open: entry });
    this.entries.set(keyOf(entry.order), entry);
  }

  override async close(vmId: string, token: number): Promise<void> {
    await this.append({ closed: { vmId, token } });
    this.entries.delete(keyOf({ vmId, token }));
  }

  override unfinished(): readonly OpenMigration[] {
    return [...this.entries.values()];
  }

  async end(): Promise<void> {
    await this.file.close();
  }

  private async append(line: Line): Promise<void> {
    await this.file.write(`${JSON.stringify(line)}\n`);
    await this.file.sync();
  }
}

function read(path: string): Map<string, OpenMigration> {
  const entries = new Map<string, OpenMigration>();
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [at, text] of lines.entries()) {
    if (text === '') continue;
    let line: Line;
    try {
      line = JSON.parse(text) as Line;
    } catch (cause) {
      if (at === lines.length - 1) break; // torn by a crash: its write was never acknowledged
      const message = `line ${at + 1} of the journal '${path}' is broken`;
      throw new DomainError('INPUT_UNREADABLE', message, { path }, { cause });
    }
    if ('open' in line) entries.set(keyOf(line.open.order), line.open);
    else entries.delete(keyOf(line.closed));
  }
  return entries;
}

function keyOf({ vmId, token }: { readonly vmId: string; readonly token: number }): string {
  return `${vmId}\u001f${token}`;
}
