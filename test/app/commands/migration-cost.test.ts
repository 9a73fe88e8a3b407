// `migration-cost physics` reads a case and prints the outcome of the recursion.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { registerMigrationCost } from '../../../src/app/commands/migration-cost';

const E1 = {
  usedMemoryBytes: 1e9,
  bandwidthBytesPerSec: 1e8,
  linkBytesPerSec: 1e8,
  dirtyRateBytesPerSec: 2e7,
  writableWorkingSetBytes: 1e9,
  downtimeLimitMs: 300,
  fixedDowntimeMs: 20,
  maxRounds: 30,
  timeLimitMs: null,
  strategy: 'precopy',
};

async function physics(text: string): Promise<string> {
  const path = join(mkdtempSync(join(tmpdir(), 'case-')), 'case.json');
  writeFileSync(path, text);
  const program = new Command();
  registerMigrationCost(program);
  const lines: string[] = [];
  const write = jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    lines.push(String(chunk));
    return true;
  });
  try {
    const words = ['migration-cost', 'physics', '--case', path, '-o', 'json'];
    await program.parseAsync(words, { from: 'user' });
  } finally {
    write.mockRestore();
  }
  return lines.join('');
}

describe('migration-cost physics', () => {
  it('prints example E1 as one JSON object', async () => {
    const outcome = JSON.parse(await physics(JSON.stringify(E1)));
    expect(Object.keys(outcome).toSorted()).toEqual(
      ['bytesSent', 'converges', 'downtimeMs', 'roundBytes', 'rounds', 'totalTimeMs'].toSorted(),
    );
    expect(outcome).toMatchObject({ rounds: 4, bytesSent: 1_248_000_000, converges: true });
    expect(outcome.totalTimeMs).toBeCloseTo(12_500, 6);
  });

  it('names the field that is missing, negative, or unknown', async () => {
    const bad = JSON.stringify({ ...E1, downtimeLimitMs: -1, colour: 'red' });
    await expect(physics(bad)).rejects.toThrow(/downtimeLimitMs.*colour/s);
    await expect(physics('{')).rejects.toMatchObject({ code: 'INPUT_UNREADABLE' });
  });
});
