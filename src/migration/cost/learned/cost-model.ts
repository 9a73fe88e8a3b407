// MODEL.json: fitted constants, learned levels, and quantiles; versioned and self-contained.
import { z } from 'zod';
import { DIRTY_PRIOR, COST_DEFAULTS } from '../cost-settings';
import { CONSTANT_DEFAULTS, copyRateOf, usedBytesOf, type CopyConstants } from './real-copy';
import type { RunInput, RunOutcome } from './run-table';
import type { Level } from './shrinkage';

export const COST_MODEL_VERSION = 2;
export const TARGETS = ['time', 'pause', 'bytes'] as const;
export type Target = (typeof TARGETS)[number];

/** Levels of the dirty rate, coarse to fine. */
export const DIRTY_LEVELS: readonly Level[] = [
  { name: 'fleet', prior: 1 },
  { name: 'host-pair', prior: 3 },
  { name: 'flavour', prior: 2 },
  { name: 'scenario', prior: 1 },
  { name: 'vm', prior: 1, halfLife: 2 },
];

/** Levels of the residual, coarse to fine; no key holds memory in use, rates, or limits. */
export const RESIDUAL_LEVELS: readonly Level[] = [
  { name: 'fleet', prior: 50 },
  { name: 'host-pair', prior: 20 },
  { name: 'flavour', prior: 5 },
  { name: 'application', prior: 2 },
  { name: 'application and flavour', prior: 2 },
  { name: 'vm', prior: 1, halfLife: 2 },
];
export const APPLICATION_LEVEL = 3;

const sums = z.record(z.string(), z.tuple([z.number(), z.number()]));
const constantsSchema = z.object(
  Object.fromEntries(Object.keys(CONSTANT_DEFAULTS).map((name) => [name, z.number()])) as {
    [name in keyof CopyConstants]: z.ZodNumber;
  },
);

export const costModelSchema = z.object({
  kind: z.literal('slackwater-migration-cost'),
  version: z.literal(COST_MODEL_VERSION),
  seed: z.number(),
  runs: z.number(),
  learned: z.boolean(),
  constants: z.record(z.string(), constantsSchema),
  dirty: z.array(sums).length(DIRTY_LEVELS.length),
  residual: z.record(z.enum(TARGETS), z.array(sums).length(RESIDUAL_LEVELS.length)),
  /** ln(P95 / P50) by mode, target, and depth of what is known (0: unlike anything seen). */
  widths: z.record(z.string(), z.record(z.enum(TARGETS), z.array(z.number()))),
  /** Share of the residual that is believed, by mode, target, and depth: 1 where it helped on runs before they were learned. */
  trust: z.record(z.string(), z.record(z.enum(TARGETS), z.array(z.number()))),
  /** Share of training runs that lacked an input. */
  missing: z.object({ used: z.number(), bandwidth: z.number(), dirtyRate: z.number() }),
  /** Share of training runs that completed, by mode. */
  success: z.record(z.string(), z.number()),
});
export type CostModel = z.infer<typeof costModelSchema>;

/** A model that has seen nothing: physics with default constants and the priors' widths. */
export function emptyModel(seed: number, learned: boolean): CostModel {
  const levels = (count: number) => Array.from({ length: count }, () => ({}));
  return {
    kind: 'slackwater-migration-cost',
    version: COST_MODEL_VERSION,
    seed,
    runs: 0,
    learned,
    constants: {},
    dirty: levels(DIRTY_LEVELS.length),
    residual: {
      time: levels(RESIDUAL_LEVELS.length),
      pause: levels(RESIDUAL_LEVELS.length),
      bytes: levels(RESIDUAL_LEVELS.length),
    },
    widths: {},
    trust: {},
    missing: { used: 0, bandwidth: 0, dirtyRate: 0 },
    success: {},
  };
}

const part = (...values: readonly (string | number | undefined)[]): string => values.join('|');

/** Keys of the fitted constants, coarse to fine. */
export function constantKeys(input: RunInput): string[] {
  const set = part(input.mode, input.hypervisor, input.set);
  const packed = part(set, input.compression);
  const keys = [input.mode, set, packed];
  return input.hostPair === '' ? keys : [...keys, part(packed, input.hostPair)];
}

export function constantsOf(model: CostModel, input: RunInput): CopyConstants {
  const keys = constantKeys(input);
  for (let i = keys.length - 1; i >= 0; i -= 1) {
    if (Object.hasOwn(model.constants, keys[i])) return model.constants[keys[i]];
  }
  return CONSTANT_DEFAULTS;
}

function flavourOf(input: RunInput): string {
  const known = input.vcpus !== undefined || input.memoryBytes !== undefined;
  return known ? part(input.vcpus, input.memoryBytes) : '';
}

/** A VM that runs something else now is learned anew. */
function vmKey(input: RunInput): string {
  return input.vmId === '' ? '' : part(input.vmId, input.scenario);
}

const under = (prefix: string, key: string): string => (key === '' ? '' : part(prefix, key));

export function dirtyKeys(input: RunInput): string[] {
  const { hostPair, scenario } = input;
  return [
    'fleet',
    under('h', hostPair),
    under('f', flavourOf(input)),
    under('s', scenario),
    vmKey(input),
  ];
}

export function residualKeys(input: RunInput): string[] {
  const base = part(input.mode, input.set);
  const flavour = flavourOf(input);
  return [
    base,
    under(base, input.hostPair),
    under(base, flavour),
    under(base, input.scenario),
    input.scenario === '' || flavour === '' ? '' : part(base, input.scenario, flavour),
    under(base, vmKey(input)),
  ];
}

/** Median of the prior from CPU (migration-cost.md section 2, 10), bytes per second. */
export function priorDirtyRate(input: RunInput): number {
  const vcpus = input.vcpus ?? COST_DEFAULTS.vcpusDefault;
  const busy = (vcpus * Math.min(100, input.cpuPct ?? 10)) / 100;
  const rate = DIRTY_PRIOR.idleBytesPerSec + DIRTY_PRIOR.bytesPerSecPerBusyVcpu * busy;
  return Math.min(rate, DIRTY_PRIOR.bytesPerSecPerVcpuMax * vcpus);
}

/** ln of D = R (1 - used / sent) against the prior; undefined where the outcome does not tell. */
export function dirtyEvidence(
  input: RunInput,
  outcome: RunOutcome,
  constants: CopyConstants,
): number | undefined {
  const rounds = input.mode === 'precopy' || input.mode === 'autoconverge';
  if (!rounds || !outcome.completed || input.usedBytes === undefined) return undefined;
  if (!outcome.bytesSent || input.usedBytes === 0) return undefined;
  const sent = outcome.bytesSent / constants.wireShare;
  const share = Math.max(0.003, 1 - usedBytesOf(input) / sent);
  return Math.log((share * copyRateOf(input, constants)) / priorDirtyRate(input));
}
