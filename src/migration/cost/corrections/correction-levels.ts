// Whose migrations speak for a VM: levels of what is learned, coarse to fine, and their keys.
import type { DirtySource } from '../learned/predict-run';
import type { Level } from '../learned/shrinkage';

/**
 * Priors: migrations of a level that weigh as much as what the level above says. Half-lives: later
 * migrations after which one counts half; hosts and networks are changed, so that all levels forget.
 */
export const CORRECTION_LEVELS = [
  { name: 'fleet', prior: 3, halfLife: 60 },
  { name: 'host', prior: 5, halfLife: 30 },
  { name: 'flavour', prior: 3, halfLife: 30 },
  { name: 'vm', prior: 1, halfLife: 2 },
] as const satisfies readonly Level[];
export type CorrectionLevel = (typeof CORRECTION_LEVELS)[number]['name'];

/** Depth 0 is plain physics, depth d the level before it in CORRECTION_LEVELS. */
export const DEPTH_OF_VM = CORRECTION_LEVELS.length;

/** As documents name it, by depth; a host stands for its pairs: the target is not chosen yet. */
export const DIRTY_SOURCES: readonly DirtySource[] = [
  'prior',
  'fleet',
  'host-pair',
  'flavour',
  'vm',
];

/** What is known of a VM beside its load; absent = unknown. */
export interface CorrectionSubject {
  readonly vmId: string;
  /** The source: where it runs before it is migrated. */
  readonly host?: string;
  readonly vcpus?: number;
  readonly memoryBytes?: number;
}

/** Of the levels above the VM's own; '' where nothing is known. Equal for VMs of one kind. */
export function groupKeys({ host, vcpus, memoryBytes }: CorrectionSubject): readonly string[] {
  const flavour = vcpus === undefined && memoryBytes === undefined;
  return ['fleet', host === undefined ? '' : `h|${host}`, flavour ? '' : `${vcpus}|${memoryBytes}`];
}

export function vmKey({ vmId }: CorrectionSubject): string {
  return `v|${vmId}`;
}
