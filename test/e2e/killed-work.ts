// Runs the child of kill-child.cjs, kills it many times, and lets it finish at last.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { uniform } from '../../src/core';
import type { GeneratorSettings } from '../../src/ingest';

export interface KilledWork {
  readonly work: 'ingest' | 'night';
  readonly url: string;
  readonly generator: GeneratorSettings;
  readonly objects: string;
  readonly defect?: 'position-first' | 'publish-early';
}

/** How the child ended: 'finished', or the signal that killed it. */
export function runChild(work: KilledWork, killAfterMs?: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [join(__dirname, 'kill-child.cjs'), JSON.stringify(work)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const wasReady = output.includes('ready');
      output += chunk.toString();
      // The time counts from its readiness: starting Node takes longer on a busy machine.
      if (!wasReady && output.includes('ready') && killAfterMs !== undefined) {
        setTimeout(() => child.kill('SIGKILL'), killAfterMs);
      }
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (signal !== null) resolve(signal);
      else if (code === 0) resolve('finished');
      else reject(new Error(output));
    });
  });
}

/** Kills it `kills` times at instants spread over [0, withinMs), then lets it end. */
export async function killManyTimes(
  work: KilledWork,
  kills: number,
  withinMs: number,
): Promise<number> {
  let killed = 0;
  for (let round = 0; round < kills; round += 1) {
    const end = await runChild(work, Math.round(withinMs * uniform(kills, round)));
    if (end === 'SIGKILL') killed += 1;
  }
  expect(await runChild(work)).toBe('finished');
  return killed;
}
