// The shape of an outcome: what an executor says a migration really did; unknown is absent, never 0.
import { z } from 'zod';
import { VM_ID } from '../../core';

/** Topic, schema name, and event type. */
export const OUTCOMES_TOPIC = 'lm.outcomes.v1';

export const OUTCOME_STATUSES = ['completed', 'failed', 'cancelled', 'refused', 'unknown'] as const;
export type OutcomeStatus = (typeof OUTCOME_STATUSES)[number];

/** Why a migration did not complete. */
export const FAILURE_CAUSES = [
  'no-convergence',
  'timeout',
  'connection',
  'destination',
  'incompatible',
  'resources',
  'operator',
  'hypervisor',
  'unknown',
] as const;
export type FailureCause = (typeof FAILURE_CAUSES)[number];

export const OUTCOME_MODES = ['pre-copy', 'auto-converge', 'post-copy', 'stop-copy'] as const;
export type OutcomeMode = (typeof OUTCOME_MODES)[number];

export const EXECUTOR_KINDS = ['qemu', 'libvirt', 'kubevirt', 'nova', 'proxmox', 'other'] as const;
export type ExecutorKind = (typeof EXECUTOR_KINDS)[number];

const measure = z.number().min(0).nullish();

export const outcomeSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[A-Za-z0-9._:-]{1,100}$/, '1 to 100 of A-Z a-z 0-9 . _ : -')
    .optional()
    .describe('Idempotency key; made of window, rank, and start where it is absent'),
  windowId: z.string().min(1).max(64).describe('id of the window document'),
  rank: z.int().min(1).default(1),
  vmId: z.string().regex(VM_ID, 'not a VM id'),
  executor: z.string().min(1).max(100).describe('Which executor says so'),
  kind: z.enum(EXECUTOR_KINDS),
  claimToken: z.int().min(1).optional().describe('Token of the claim under which it was started'),
  status: z.enum(OUTCOME_STATUSES),
  cause: z.enum(FAILURE_CAUSES).optional().describe('Why, where it did not complete'),
  detail: z.string().max(2_000).optional().describe('The reason in the hypervisor’s own words'),
  mode: z.enum(OUTCOME_MODES).optional(),
  target: z.string().max(200).optional().describe('Host that received the VM'),
  startedAtMs: z.int().nonnegative().describe('Epoch ms at which the hypervisor was asked'),
  endedAtMs: z.int().nonnegative().nullish(),
  totalTimeMs: measure,
  downtimeMs: measure.describe('The pause; absent, null, or 0 = unknown'),
  bytesSent: measure,
  rounds: z.int().nonnegative().nullish(),
});

/** As an executor sends it. */
export type OutcomeInput = z.input<typeof outcomeSchema>;

/** Measures of 0 and null are absent: a migration takes time, a pause is longer than 0. */
export type Outcome = Omit<
  z.output<typeof outcomeSchema>,
  'id' | 'endedAtMs' | Measure | 'rounds'
> & {
  readonly id: string;
  readonly endedAtMs?: number;
  readonly totalTimeMs?: number;
  readonly downtimeMs?: number;
  readonly bytesSent?: number;
  readonly rounds?: number;
};

export const MEASURES = ['totalTimeMs', 'downtimeMs', 'bytesSent'] as const;
export type Measure = (typeof MEASURES)[number];

/** JSON Schema (2020-12) of `lm.outcomes.v1`. */
export function outcomeJsonSchema(): Readonly<Record<string, unknown>> {
  return { ...z.toJSONSchema(outcomeSchema, { io: 'input' }), title: OUTCOMES_TOPIC };
}
