// What a cost prediction assumes where nobody measured it; every figure with its origin.
import type { CopySettings } from '../../kernels';

/** What is assumed of hosts and VMs; the priors below complete it. */
export type CostSettings = Omit<CopySettings, 'scanMsPerGib' | 'prior'>;

export const COST_DEFAULTS: CostSettings = {
  bandwidthBytesPerSec: 134_217_728, // 128 MiB/s: QEMU's max-bandwidth since 5.2
  linkBytesPerSec: 1_250_000_000, // 10 GbE between the hosts
  downtimeLimitMs: 300, // QEMU's downtime-limit
  fixedDowntimeMs: 20, // device state and switch-over, migration-cost.md section 3
  setupMs: 0, // next to nothing in bare QEMU; 4 to 10 s at OpenStack's API
  maxRounds: 30, // Xen's and the worked examples' round limit
  usedMemoryShare: 0.6, // design section 10, "Unknown memory in use"
  usedMemoryLogSigma: 0.5, // wide: 0.26 to 1 (cut at the size) of the size at 90 %
  memoryBytesDefault: 8_589_934_592, // 8 GiB
  vcpusDefault: 2,
};

/** Prior of the dirty rate (migration-cost.md section 2, 10): ln D ~ Normal(ln(idle + busy), s). */
export const DIRTY_PRIOR = {
  idleBytesPerSec: 300_000,
  bytesPerSecPerBusyVcpu: 40_000_000,
  logSigma: 1.8,
  bytesPerSecPerVcpuMax: 1_000_000_000,
  workingSetShare: 0.7,
} as const;

/** Zero pages are scanned, not sent (migration-cost.md section 2, 1). */
export const SCAN_MS_PER_GIB = 300;
export const GIB_BYTES = 1_073_741_824;

/** With the priors: what the kernels compute with. */
export function copySettingsOf(settings: CostSettings): CopySettings {
  return { ...settings, scanMsPerGib: SCAN_MS_PER_GIB, prior: DIRTY_PRIOR };
}
