// The life of a process: configuration, start, signals, and an orderly end.
import { readConfig } from '../config';
import { DomainError } from '../core';
import type { ProcessKind } from './composition/service';
import { System } from './composition/system';
import { reportFailure } from './report-failure';

const STOP_MS_MAX = 25_000; // below systemd's TimeoutStopSec of 30 s

export async function runProcess(kind: ProcessKind): Promise<void> {
  try {
    const system = await System.start(readConfig(process.env), kind);
    process.stderr.write(`${system.greeting()}\n`);
    stopOnSignals(() => system.stop());
  } catch (error) {
    process.exitCode = reportFailure(error);
    // What was half started may keep the process alive: nothing is left to wait for.
    if (!(error instanceof DomainError)) process.exit(process.exitCode);
    setImmediate(() => process.exit());
  }
}

/** The first signal stops in order, the second at once. */
export function stopOnSignals(stop: () => Promise<void>): void {
  let stopping = false;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(1), STOP_MS_MAX).unref();
      stop().then(
        () => process.exit(0),
        (error: unknown) => process.exit(reportFailure(error)),
      );
    });
  }
}
