// Corrections of many VMs as the kernels read them, and where each comes from.
import { COPY_MODES, CORRECTION, CORRECTION_WIDTH, MODE_CORRECTION_WIDTH } from '../../../kernels';
import type { CopyMode } from '../../../kernels';
import { MEASURES } from '../../outcomes/outcome-schema';
import { shrunkMean } from '../learned/shrinkage';
import {
  CORRECTION_LEVELS,
  DEPTH_OF_VM,
  groupKeys,
  vmKey,
  type CorrectionSubject,
} from './correction-levels';
import { chainKey, meanAt, type CostCorrections } from './cost-corrections';
import { judgeCorrections, TRIED_LEAST, type Beliefs } from './judge-corrections';

/** Where the costs of a VM come from. */
export interface CostSource {
  /** 0: nothing was learned; else the level's place + 1 in CORRECTION_LEVELS. */
  readonly depth: number;
  /** Migrations of that level, and the newest start. */
  readonly migrations: number;
  readonly lastMs: number;
}

export const NO_SOURCE: CostSource = { depth: 0, migrations: 0, lastMs: 0 };

const PLACES = {
  totalTimeMs: CORRECTION.time,
  downtimeMs: CORRECTION.pause,
  bytesSent: CORRECTION.bytes,
};
const GROUPS_KEPT = 100_000;

/** What was learned of one VM, or of VMs of one kind. */
interface Learned {
  /** (CORRECTION_WIDTH) */
  readonly row: Float64Array;
  /** By mode: depth of the deepest level that is believed of a measure; 0: none. */
  readonly depths: readonly number[];
}

/** Of one state; VMs without migrations of their own share their group's. */
export class RowCorrections {
  private readonly beliefs: Beliefs;
  private readonly ofGroup = new Map<string, Learned>();

  constructor(readonly state: CostCorrections) {
    this.beliefs = judgeCorrections(state);
  }

  /** (subjects, CORRECTION_WIDTH). O(subjects x modes x levels), less where VMs are alike. */
  rows(subjects: readonly CorrectionSubject[]): Float64Array {
    const rows = new Float64Array(subjects.length * CORRECTION_WIDTH);
    subjects.forEach((subject, at) => rows.set(this.of(subject).row, at * CORRECTION_WIDTH));
    return rows;
  }

  source(subject: CorrectionSubject, mode: CopyMode): CostSource {
    const depth = this.of(subject).depths[COPY_MODES.indexOf(mode)];
    if (depth === 0) return NO_SOURCE;
    const key = [...groupKeys(subject), vmKey(subject)][depth - 1];
    const [migrations, lastMs] = this.state.seen[mode]?.[depth - 1][key] ?? [0, 0];
    return { depth, migrations, lastMs };
  }

  private of(subject: CorrectionSubject): Learned {
    const keys = groupKeys(subject);
    const own = vmKey(subject);
    if (this.hasOwn(own)) return this.learned([...keys, own]);
    const group = keys.join('\u0000');
    let found = this.ofGroup.get(group);
    if (found === undefined) {
      found = this.learned([...keys, own]);
      if (this.ofGroup.size < GROUPS_KEPT) this.ofGroup.set(group, found);
    }
    return found;
  }

  private hasOwn(key: string): boolean {
    return COPY_MODES.some((mode) => this.state.seen[mode]?.[DEPTH_OF_VM - 1][key] !== undefined);
  }

  private learned(keys: readonly string[]): Learned {
    const row = new Float64Array(CORRECTION_WIDTH);
    const depths = COPY_MODES.map((mode, at) => {
      const from = at * MODE_CORRECTION_WIDTH;
      let deepest = 0;
      for (const measure of MEASURES) {
        const believed = this.believed(chainKey(mode, measure), keys);
        const place = from + PLACES[measure];
        row[place] = believed?.factor ?? 1;
        row[place + 1] = believed?.spread ?? Number.NaN;
        deepest = Math.max(deepest, believed?.depth ?? 0);
      }
      row[from + CORRECTION.success] = this.surprise(mode, keys);
      return deepest;
    });
    return { row, depths };
  }

  /** By its own migrations, and by levels that were seen often enough. */
  private surprise(mode: CopyMode, keys: readonly string[]): number {
    const chain = this.state.success[mode];
    if (chain === undefined) return 0;
    const often = keys.map((key, i) => {
      const [migrations] = this.state.seen[mode]?.[i][key] ?? [0];
      return migrations >= (i === DEPTH_OF_VM - 1 ? 1 : TRIED_LEAST) ? key : '';
    });
    return shrunkMean(chain, CORRECTION_LEVELS, often, 0).mean;
  }

  /** The deepest level that is known of the keys and believed. */
  private believed(
    chain: string,
    keys: readonly string[],
  ): { readonly depth: number; readonly factor: number; readonly spread: number } | undefined {
    const levels = this.state.measures[chain];
    if (levels === undefined) return undefined;
    for (let depth = DEPTH_OF_VM; depth >= 1; depth -= 1) {
      const key = keys[depth - 1];
      if (key === '' || levels[depth - 1][key] === undefined) continue;
      const { share, width } = this.beliefs.get(chain)?.[depth - 1] ?? { share: 0, width: 0 };
      if (share === 0) continue;
      const factor = Math.exp(share * meanAt(levels, keys, depth));
      return { depth, factor, spread: Math.exp(width) };
    }
    return undefined;
  }
}
