// Chooses the backend and the instruction set, and says which and why.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DomainError } from '../core';
import { ISAS } from './kernels';
import type { Isa, Kernels } from './kernels';
import { NativeKernels } from './native';
import type { Addon } from './native';
import { ReferenceKernels } from './reference';

export type BackendName = 'auto' | 'reference' | 'native';

export interface KernelOptions {
  /** At most this instruction set: a run pins one for all its workers. Default: the CPU's best. */
  readonly isa?: Isa;
  /** Threads of one call; default all cores. Never changes a result. */
  readonly threads?: number;
  /** The addon's file; default native/build/slackwater.node beside src or dist. */
  readonly addonFile?: string;
}

// Order search on one core: 121 ms against 0.19 ms (AVX-512) or 0.58 ms (baseline) a series of 672 points
// (slackwater bench arima-search --small --backend reference).
const REFERENCE_SLOWER_BY = '200 to 600';
const ADDON = join(__dirname, '../../native/build/slackwater.node');

/**
 * Throws BACKEND_UNAVAILABLE when a named backend or instruction set is not there; `auto` falls back to the
 * reference and says so in `report().notice`.
 */
export function openKernels(backend: BackendName = 'auto', options: KernelOptions = {}): Kernels {
  if (backend === 'reference') return new ReferenceKernels('the reference was asked for');
  const file = options.addonFile ?? ADDON;
  const loaded = loadAddon(file);
  if (loaded.addon === undefined) {
    if (backend === 'native') {
      throw new DomainError('BACKEND_UNAVAILABLE', `backend 'native': ${loaded.problem}`, { file });
    }
    const slower = `about ${REFERENCE_SLOWER_BY} times slower`;
    return new ReferenceKernels(
      `auto: ${loaded.problem}`,
      `The plain TypeScript kernels serve (${loaded.problem}); ARIMA is ${slower} than with the addon.`,
    );
  }
  const best = loaded.addon.bestIsa();
  const wanted = options.isa === undefined ? best : ISAS.indexOf(options.isa);
  if (wanted > best) {
    const message = `instruction set '${options.isa}' is not on this CPU; its best is '${ISAS[best]}'`;
    throw new DomainError('BACKEND_UNAVAILABLE', message, { isa: options.isa, best: ISAS[best] });
  }
  const why = options.isa === undefined ? 'the best of this CPU' : `pinned; best is ${ISAS[best]}`;
  const reason = `${backend}: addon loaded, ${ISAS[wanted]} (${why})`;
  return new NativeKernels(loaded.addon, ISAS[wanted], reason, options.threads);
}

function loadAddon(file: string): { readonly addon?: Addon; readonly problem?: string } {
  if (!existsSync(file)) return { problem: 'the C++ addon is not built (npm run build)' };
  try {
    return { addon: require(file) as Addon };
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    return { problem: `the C++ addon does not load: ${detail}` };
  }
}
