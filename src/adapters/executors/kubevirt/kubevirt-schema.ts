// What is read of KubeVirt's objects (kubevirt.io/v1); other fields are ignored.
import { z } from 'zod';

const migrationState = z.object({
  migrationUid: z.string().optional(),
  startTimestamp: z.string().nullish(),
  endTimestamp: z.string().nullish(),
  targetNode: z.string().optional(),
  completed: z.boolean().optional(),
  failed: z.boolean().optional(),
  failureReason: z.string().optional(),
  abortRequested: z.boolean().optional(),
  abortStatus: z.string().optional(),
  mode: z.string().optional(),
  migrationPolicyName: z.string().nullish(),
  migrationConfiguration: z
    .object({ bandwidthPerMigration: z.union([z.string(), z.number()]).optional() })
    .nullish(),
});

export const instanceSchema = z.object({
  kind: z.literal('VirtualMachineInstance'),
  status: z.object({
    phase: z.string(),
    conditions: z
      .array(
        z.object({
          type: z.string(),
          status: z.string(),
          reason: z.string().optional(),
          message: z.string().optional(),
        }),
      )
      .nullish(),
    migrationState: migrationState.nullish(),
  }),
});

export const migrationSchema = z.object({
  kind: z.literal('VirtualMachineInstanceMigration'),
  metadata: z.object({ name: z.string(), uid: z.string() }),
  status: z
    .object({ phase: z.string().optional(), migrationState: migrationState.nullish() })
    .optional(),
});

export type MigrationState = z.output<typeof migrationState>;
export type Instance = z.output<typeof instanceSchema>;
export type Migration = z.output<typeof migrationSchema>;
