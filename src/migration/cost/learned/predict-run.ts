// One run predicted by a model: physics, the learned residual, and widths with their reasons.
import { DIRTY_PRIOR } from '../cost-settings';
import {
  APPLICATION_LEVEL,
  constantsOf,
  DIRTY_LEVELS,
  dirtyKeys,
  priorDirtyRate,
  RESIDUAL_LEVELS,
  residualKeys,
  TARGETS,
  type CostModel,
  type Target,
} from './cost-model';
import { copyForReal, type CopyConstants, type RealCopy } from './real-copy';
import type { RunInput } from './run-table';
import { shrunkMean } from './shrinkage';

export type DirtySource = 'probe' | 'vm' | 'flavour' | 'host-pair' | 'fleet' | 'prior';

export interface QuantilePair {
  readonly p50: number;
  readonly p95: number;
}

export interface RunPrediction {
  readonly totalTimeMs: QuantilePair;
  readonly downtimeMs: QuantilePair;
  readonly bytesSent: QuantilePair;
  readonly rounds: number;
  readonly converges: boolean;
  readonly successProb: number;
  readonly dirtyRate: number;
  readonly dirtySource: DirtySource;
  readonly reason: string;
}

const Z95 = 1.645;
const USED_SIGMA = 0.5;
const BANDWIDTH_SIGMA = 0.3;
/** Standard deviation of ln D by where it comes from. */
const DIRTY_SIGMA: Record<DirtySource, number> = {
  probe: 0.5,
  vm: 0.5,
  flavour: 1,
  'host-pair': 1.3,
  fleet: 1.5,
  prior: DIRTY_PRIOR.logSigma,
};
const SOURCE_OF_LEVEL: readonly DirtySource[] = ['fleet', 'host-pair', 'flavour', 'flavour', 'vm'];

export interface DirtyEstimate {
  readonly rate: number;
  readonly source: DirtySource;
}

/** The dirty rate that the model expects, and from where. O(levels). */
export function dirtyRateOf(model: CostModel, input: RunInput): DirtyEstimate {
  if (input.dirtyRate !== undefined) return { rate: input.dirtyRate, source: 'probe' };
  const { mean, depth } = shrunkMean(model.dirty, DIRTY_LEVELS, dirtyKeys(input), 0);
  const source = depth < 0 ? 'prior' : SOURCE_OF_LEVEL[depth];
  return { rate: priorDirtyRate(input) * Math.exp(mean), source };
}

/** Learned ln(outcome / physics), and how deep it is known: 0 = unlike anything seen. */
export function residualOf(
  model: CostModel,
  input: RunInput,
  target: Target,
): { readonly mean: number; readonly depth: number } {
  const keys = residualKeys(input);
  const chain = model.residual[target];
  const { mean, depth } = shrunkMean(chain, RESIDUAL_LEVELS, keys, 0);
  const stranger = keys[APPLICATION_LEVEL] !== '' && depth < APPLICATION_LEVEL;
  if (stranger) return { mean: 0, depth: 0 };
  const trust = model.trust[input.mode]?.[target]?.[depth + 1] ?? 1;
  return { mean: mean * trust, depth: depth + 1 };
}

/** ln(P95 / P50) that missing inputs add beyond what training runs lacked. */
function addedWidth(model: CostModel, input: RunInput): number {
  const lacks = (known: boolean, share: number): boolean => !known && share < 0.5;
  let variance = 0;
  if (lacks(input.usedBytes !== undefined, model.missing.used)) variance += USED_SIGMA ** 2;
  if (lacks(input.bandwidth !== undefined, model.missing.bandwidth)) {
    variance += BANDWIDTH_SIGMA ** 2;
  }
  if (model.runs > 0 && lacks(input.dirtyRate !== undefined, model.missing.dirtyRate)) {
    variance += 0.2 ** 2;
  }
  return Z95 * Math.sqrt(variance);
}

const PRIOR_WIDTH: Record<Target, number> = { time: 0.3, pause: 0.7, bytes: 0.1 };
const POINTS_OF_SUCCESS = [-1.3, -0.5, 0, 0.5, 1.3];

/** What the parts of a prediction are made of, before the residual. */
interface Frame {
  readonly input: RunInput;
  readonly constants: CopyConstants;
  readonly dirty: DirtyEstimate;
  readonly sigma: number;
  readonly copy: RealCopy;
}

function quantilesOf(model: CostModel, frame: Frame, target: Target): QuantilePair {
  const { input, constants, dirty, sigma } = frame;
  const value = (copy: RealCopy): number =>
    ({ time: copy.totalTimeMs, pause: copy.downtimeMs, bytes: copy.bytesSent })[target];
  const widths = model.widths[input.mode]?.[target];
  const added = addedWidth(model, input);
  const { mean, depth } = model.learned ? residualOf(model, input, target) : { mean: 0, depth: 0 };
  const p50 = value(frame.copy) * Math.exp(mean);
  if (widths !== undefined) return { p50, p95: p50 * Math.exp(Math.hypot(widths[depth], added)) };
  const high = copyForReal(input, dirty.rate * Math.exp(Z95 * sigma), constants);
  const p95 = value(high) * Math.exp(Math.hypot(PRIOR_WIDTH[target], added) + mean);
  return { p50, p95: Math.max(p50, p95) };
}

/** Predicts from inputs alone; the same input gives the same bits. O(rounds + levels). */
export function predictRun(model: CostModel, input: RunInput): RunPrediction {
  const constants = constantsOf(model, input);
  const dirty = dirtyRateOf(model, input);
  const copy = copyForReal(input, dirty.rate, constants);
  const sigma = DIRTY_SIGMA[dirty.source];
  const frame: Frame = { input, constants, dirty, sigma, copy };
  const [time, pause, bytes] = TARGETS.map((target) => quantilesOf(model, frame, target));
  const good = POINTS_OF_SUCCESS.filter(
    (z) => copyForReal(input, dirty.rate * Math.exp(z * sigma), constants).converges,
  ).length;
  const likely = model.success[input.mode] ?? 0.98;
  const share = good / POINTS_OF_SUCCESS.length;
  return {
    totalTimeMs: time,
    downtimeMs: input.mode === 'stopcopy' ? time : pause,
    bytesSent: bytes,
    rounds: copy.rounds,
    converges: copy.converges,
    successProb: Math.max(likely, 0.9) * (0.1 + 0.9 * share),
    dirtyRate: dirty.rate,
    dirtySource: dirty.source,
    reason: reasonOf(model, input, dirty.source, copy),
  };
}

function reasonOf(model: CostModel, input: RunInput, source: DirtySource, copy: RealCopy): string {
  const words = [`dirty rate from ${source}`];
  if (input.usedBytes === undefined) {
    words.push(
      input.memoryBytes === undefined
        ? 'size unknown: 0.6 of 8 GiB assumed in use'
        : 'memory in use unknown: 0.6 of the size assumed',
    );
  }
  if (input.bandwidth === undefined) words.push('bandwidth unknown: the fitted rate');
  if (model.learned) {
    const { depth } = residualOf(model, input, 'time');
    if (depth === 0) words.push('unlike anything seen: plain physics');
    else words.push(`corrected by outcomes of its ${RESIDUAL_LEVELS[depth - 1].name}`);
  }
  if (!copy.converges) words.push('does not converge: forced stop; choose post-copy or throttle');
  return words.join('; ');
}
