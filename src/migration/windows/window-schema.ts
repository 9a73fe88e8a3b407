// The shape of a window document: checked here, published as JSON Schema, typed for readers.
import { z } from 'zod';
import { DomainError } from '../../core';

export const WINDOW_SCHEMA = 'lm.windows.v1';

export const quantiles = z.strictObject({ p50: z.number().min(0), p95: z.number().min(0) });

const cost = z.strictObject({
  totalTimeMs: quantiles,
  downtimeMs: quantiles,
  bytesSent: quantiles,
  converges: z.boolean(),
  successProb: z.number().min(0).max(1),
  dirtySource: z.enum(['prior', 'probe', 'vm', 'flavour', 'host-pair', 'fleet']),
});

const load = z
  .strictObject({ mean: z.number(), p05: z.number(), p50: z.number(), p95: z.number() })
  .describe('Forecast load in percent of the VM’s allotment');

const advice = z.strictObject({
  mode: z.enum(['pre-copy', 'auto-converge', 'post-copy', 'do-not-migrate']),
  cause: z.string(),
});

const window = z.strictObject({
  rank: z.int().min(1),
  notBeforeMs: z.int(),
  latestStartMs: z.int().describe('notAfterMs less the P95 of the total time'),
  notAfterMs: z.int(),
  loadPct: load,
  baselineLoadPct: z.number().describe('Mean forecast load of the whole day'),
  cost,
  score: z.number().describe('Expected harm; lower is better; ranks by score, then start'),
  confidence: z.number().min(0).max(1).describe('Chance that it is no busier than the day’s mean'),
  reasons: z.array(z.string()),
  advice,
});

const day = z
  .strictObject({ loadPct: load, windowLengthMs: z.int(), cost, advice })
  .describe('The same figures over the whole day, for a window at any other moment');

export const windowContentSchema = z.strictObject({
  schema: z.literal(WINDOW_SCHEMA),
  id: z.string(),
  idempotencyKey: z.string().describe('Equal to id'),
  tenant: z.string(),
  runDate: z.string(),
  vmId: z.string(),
  revision: z.int().min(1).describe('A higher revision replaces everything before it'),
  cutoffMs: z.int(),
  expiresMs: z.int(),
  models: z.strictObject({ fiveMinute: z.string(), hourly: z.string() }),
  policy: z.enum(['auto', 'excluded', 'pinned']),
  windows: z.array(window),
  reason: z.string().optional().describe('Why there is no window'),
  withheld: z
    .strictObject({ windows: z.array(window), reason: z.string().optional() })
    .optional()
    .describe('What the night chose, while a decision of the operator stands in its place'),
  day: day.optional(),
});

export type WindowContent = z.infer<typeof windowContentSchema>;
export type RankedWindow = z.infer<typeof window>;
export type DayFigures = z.infer<typeof day>;
export type WindowAdvice = z.infer<typeof advice>;
export type LoadQuantiles = z.infer<typeof load>;

/**
 * JSON Schema (2020-12) of `lm.windows.v1` for readers: it permits members that a later release
 * adds, as docs/feed.md promises; what is written is checked against the strict one.
 */
export function windowJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(windowContentSchema, READERS), title: WINDOW_SCHEMA };
}

/** How schemas are told to readers: open to new members. */
export const READERS: NonNullable<Parameters<typeof z.toJSONSchema>[1]> = {
  override: ({ jsonSchema }) => {
    delete jsonSchema.additionalProperties;
  },
};

/** Reads a document's text. Throws INTERNAL when it is none: only our own bytes are stored. */
export function parseWindowContent(text: string): WindowContent {
  const parsed = windowContentSchema.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const fault = parsed.error.issues[0];
    const place = fault.path.join('.');
    throw new DomainError('INTERNAL', `window document: ${place}: ${fault.message}`);
  }
  return parsed.data;
}
