// How far learned costs are believed: by what they would have said before each migration.
import { COPY_MODES, type CopyMode } from '../../../kernels';
import { bestShare, coveringWidth, errorOf, type Expectation } from '../learned/best-share';
import { MEASURES, type Measure } from '../../outcomes/outcome-schema';
import { CORRECTION_LEVELS, DEPTH_OF_VM } from './correction-levels';
import { chainKey, errorsKey, type CostCorrections } from './cost-corrections';

/** Of one mode, measure, and depth. */
export interface Belief {
  /** Share of the correction that is applied; 0: benched, plain physics is nearer. */
  readonly share: number;
  /** ln(P95 / P50); NaN where too few migrations tell. */
  readonly width: number;
}

/** Beliefs by depth - 1, of a chain. */
export type Beliefs = ReadonlyMap<string, readonly Belief[]>;

/** What is told of one mode and measure. */
export interface CorrectionReport {
  readonly mode: CopyMode;
  readonly measure: Measure;
  readonly level: string;
  /** Migrations that the level was tried on before they were learned. */
  readonly tried: number;
  readonly believedShare: number;
  /** Mean |ln(measured / predicted)| of the correction as it is believed, and of plain physics. */
  readonly error?: number;
  readonly errorOfPhysics?: number;
  /** Plain physics was nearer: the correction is not applied. */
  readonly benched: boolean;
}

/** Migrations of other VMs without which a level's correction is not believed. */
export const TRIED_LEAST = 8;
/** Migrations from which a P95 can be read. */
const WIDTH_LEAST = 20;
const WIDTH_MIN = 0.02; // repeats of one identical migration spread by 2 %

export function judgeCorrections(state: CostCorrections): Beliefs {
  const beliefs = new Map<string, readonly Belief[]>();
  for (const mode of COPY_MODES) {
    for (const measure of MEASURES) {
      const of: Belief[] = [];
      for (let depth = DEPTH_OF_VM; depth >= 1; depth -= 1) {
        const errors = errorsAt(state, mode, measure, depth);
        const share = shareOf(errors, depth);
        // Who knows less is never surer.
        const deeper = of.at(-1)?.width ?? Number.NaN;
        const own = errors.length < WIDTH_LEAST ? Number.NaN : widthOf(errors, share);
        of.push({ share, width: own < deeper ? deeper : own });
      }
      beliefs.set(chainKey(mode, measure), of.toReversed());
    }
  }
  return beliefs;
}

/** One line per mode, measure, and level that was tried, as judged now. */
export function reportCorrections(state: CostCorrections): readonly CorrectionReport[] {
  return COPY_MODES.flatMap((mode) =>
    MEASURES.flatMap((measure) =>
      CORRECTION_LEVELS.flatMap(({ name }, at) => {
        const errors = errorsAt(state, mode, measure, at + 1);
        if (errors.length === 0) return [];
        const believedShare = shareOf(errors, at + 1);
        return {
          mode,
          measure,
          level: name,
          tried: errors.length,
          believedShare,
          error: meanError(errors, believedShare),
          errorOfPhysics: meanError(errors, 0),
          benched: errors.length >= TRIED_LEAST && believedShare === 0,
        };
      }),
    ),
  );
}

type Errors = readonly Expectation[];

function errorsAt(state: CostCorrections, mode: CopyMode, measure: Measure, depth: number): Errors {
  return state.errors[errorsKey(mode, measure, depth)] ?? [];
}

/** The share with the least error; a VM's own migrations are believed until they fail. */
function shareOf(errors: Errors, depth: number): number {
  if (errors.length < TRIED_LEAST) return depth === DEPTH_OF_VM ? 1 : 0;
  return bestShare(errors);
}

function meanError(errors: Errors, share: number): number {
  return errorOf(errors, share) / errors.length;
}

function widthOf(errors: Errors, share: number): number {
  return Math.max(WIDTH_MIN, coveringWidth(errors.map(([plain, mean]) => plain - share * mean)));
}
