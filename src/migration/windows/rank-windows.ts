// What a night says of one VM's day and windows, in figures and in words.
import { FIVE_MINUTES_MS, formatInstant, HOUR_MS, MINUTE_MS, roundTo } from '../../core';
import { CORRECTION_LEVELS, type CorrectionLevel, type CostSource } from '../cost/corrections';
import { GIB_BYTES } from '../cost/cost-settings';
import type { CostSettings } from '../cost/cost-settings';
import { memoryOf, vcpusOf, type VmSize } from '../cost/predict-cost';
import type { RankSettings } from '../../kernels';
import type { DayFigures, RankedWindow } from './window-schema';

export interface WindowSettings {
  /** No window starts before the cutoff plus this. */
  readonly leadMs: number;
  readonly windowsMax: number;
  readonly lengthMsMin: number;
  /** Room beside the P95 of the total time. */
  readonly slackMs: number;
}

export const WINDOW_DEFAULTS: WindowSettings = {
  leadMs: 15 * MINUTE_MS, // design section 10, "Time"
  windowsMax: 3, // as `backtest --windows`
  lengthMsMin: 10 * MINUTE_MS, // two steps of the forecast
  slackMs: 30 * MINUTE_MS, // executors poll, and queue behind one another
};

export interface RankedDay {
  readonly day: DayFigures;
  readonly windows: readonly RankedWindow[];
  /** Why there is none. */
  readonly reason?: string;
}

/** On the grid of five minutes, on which windows start. */
export function rankSettingsOf(settings: WindowSettings): RankSettings {
  const { windowsMax, lengthMsMin, slackMs } = settings;
  return {
    firstStep: Math.ceil(settings.leadMs / FIVE_MINUTES_MS),
    windowsMax,
    lengthMsMin,
    slackMs,
  };
}

/** Why a day has no window that is long enough. */
export function tooLongReason(hours: string | number): string {
  return `a migration may take ${hours} h with slack; the forecast reaches 24 h`;
}

export function hoursOf(windowLengthMs: number): number {
  return roundTo(windowLengthMs / HOUR_MS, 1);
}

const WHOSE: Readonly<Record<CorrectionLevel, string>> = {
  fleet: 'of the fleet',
  host: 'from its host',
  flavour: 'of VMs of its size',
  vm: 'of this VM',
};

/** Where the cost comes from, and how old that is. */
function sourceNote({ depth, migrations, lastMs }: CostSource): string {
  if (depth === 0) return 'prior dirty rate: no migration was measured yet';
  const whose = WHOSE[CORRECTION_LEVELS[depth - 1].name];
  const newest = formatInstant(lastMs).slice(0, 'YYYY-MM-DD'.length);
  const many = migrations === 1 ? '1 measured migration' : `${migrations} measured migrations`;
  return `cost learned from ${many} ${whose}, the newest of ${newest}`;
}

/** What had to be assumed about the VM, in words. */
export function assumptions(
  vm: VmSize,
  source: CostSource,
  settings: CostSettings,
): readonly string[] {
  const notes = [sourceNote(source)];
  const gib = roundTo(memoryOf(vm, settings) / GIB_BYTES, 1);
  if (!(vm.memoryBytes !== undefined && vm.memoryBytes > 0)) {
    notes.push(`memory size is not known: ${gib} GiB is assumed`);
  }
  if (vm.usedMemoryBytes === undefined) {
    const share = settings.usedMemoryShare;
    notes.push(`memory in use is not known: ${share} of ${gib} GiB is assumed`);
  }
  if (!(vm.vcpus !== undefined && vm.vcpus > 0)) {
    notes.push(`number of vCPUs is not known: ${vcpusOf(vm, settings)} is assumed`);
  }
  return notes;
}
