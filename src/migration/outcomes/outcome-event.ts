// The event of an outcome on `lm.outcomes.v1`: what was reported, and what Slackwater made of it.
import { z } from 'zod';
import { canonicalJson, hashId } from '../../core';
import type { FeedEvent } from '../window-store';
import { quantiles, READERS } from '../windows/window-schema';
import { OUTCOME_FLAGS } from './judge-outcome';
import { MEASURES, OUTCOMES_TOPIC, outcomeSchema } from './outcome-schema';
import type { StoredOutcome } from './outcome-store';

const measured = z.number().positive().optional();

export const outcomeEventSchema = outcomeSchema.extend({
  schema: z.literal(OUTCOMES_TOPIC),
  eventId: z.string().describe('Of the CloudEvent; another one when an unknown outcome is settled'),
  tenant: z.string(),
  id: z.string().describe('Of the outcome'),
  rank: z.int().min(1),
  endedAtMs: z.int().nonnegative().optional(),
  totalTimeMs: measured,
  downtimeMs: measured.describe('The pause; absent where it is unknown, never 0'),
  bytesSent: measured,
  rounds: z.int().nonnegative().optional(),
  flags: z.array(z.enum(OUTCOME_FLAGS)).describe('Why nothing is learned from it'),
  unknown: z.array(z.enum(MEASURES)).describe('Measures of a completed migration that are absent'),
  learned: z.boolean(),
  predicted: z
    .strictObject({ totalTimeMs: quantiles, downtimeMs: quantiles, bytesSent: quantiles })
    .optional()
    .describe('What its window said; absent where the window is unknown'),
});

export type OutcomeEvent = z.infer<typeof outcomeEventSchema>;

/** JSON Schema (2020-12) of the events of `lm.outcomes.v1`. */
export function outcomeEventJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(outcomeEventSchema, READERS), title: OUTCOMES_TOPIC };
}

/** Equal outcomes give equal bytes under an equal id, however often they are relayed. */
export function outcomeEvent(tenantId: string, stored: StoredOutcome): FeedEvent {
  const { position, outcome, judgement, predicted } = stored;
  const id = hashId(tenantId, outcome.id, outcome.status);
  const { flags, unknown, learned } = judgement;
  const text = canonicalJson({
    ...outcome,
    schema: OUTCOMES_TOPIC,
    eventId: id,
    tenant: tenantId,
    flags,
    unknown,
    learned,
    predicted,
  });
  return { position, id, vmId: outcome.vmId, text };
}
