import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { DataFolder } from '../../../src/adapters/embedded/data-folder';

let home: string;
let path: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'slackwater-folder-'));
  path = join(home, 'data');
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

describe('the data folder', () => {
  it('is made with its version, closed to others, and opened again after a close', () => {
    const folder = DataFolder.open(path);
    expect(readFileSync(join(path, 'VERSION'), 'utf8')).toBe('1\n');
    expect(statSync(path).mode & 0o066).toBe(0);
    expect(() => DataFolder.open(path)).toThrow(`in use by process ${process.pid}`);
    folder.close();
    folder.close();
    DataFolder.open(path).close();
    expect(readdirSync(path).toSorted()).toEqual(['VERSION', 'log', 'models', 'objects']);
  });

  it('names the living process that owns it', async () => {
    DataFolder.open(path).close();
    const child = spawn('/bin/sleep', ['60']);
    try {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
      writeFileSync(join(path, 'lock'), `${child.pid} ${ticks}\n`);
      expect(() => DataFolder.open(path)).toThrow(`in use by process ${child.pid}`);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('takes over the lock of a dead process, also when its number lives again', () => {
    DataFolder.open(path).close();
    for (const stale of ['999999999 5\n', `${process.pid} 5\n`, 'torn']) {
      writeFileSync(join(path, 'lock'), stale);
      DataFolder.open(path).close();
    }
    expect(readdirSync(path).toSorted()).toEqual(['VERSION', 'log', 'models', 'objects']);
  });

  it('refuses another layout version, a folder of other things, and a file', () => {
    DataFolder.open(path).close();
    writeFileSync(join(path, 'VERSION'), '7\n');
    expect(() => DataFolder.open(path)).toThrow('has layout version "7"; this release reads 1');
    const other = join(home, 'other');
    writeFileSync(other, 'a letter');
    expect(() => DataFolder.open(other)).toThrow('cannot be used: it is a file');
    expect(() => DataFolder.open(home)).toThrow("has no VERSION but holds 'data'");
    expect(readdirSync(home).toSorted()).toEqual(['data', 'other']);
  });
});
