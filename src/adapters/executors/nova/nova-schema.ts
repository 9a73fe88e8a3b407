// What is read of the compute API at microversion 2.80; times are UTC and do not say so.
import { z } from 'zod';

export const serverSchema = z.object({
  server: z.object({
    status: z.string(),
    'OS-EXT-STS:task_state': z.string().nullish(),
    /** Shown to administrators. */
    'OS-EXT-SRV-ATTR:host': z.string().nullish(),
  }),
});

const migration = z.object({
  id: z.number(),
  uuid: z.string(),
  user_id: z.string().nullable(),
  status: z.string(),
  created_at: z.string(),
  updated_at: z.string().nullish(),
  dest_compute: z.string().nullish(),
});
export type NovaMigration = z.output<typeof migration>;

export const migrationsSchema = z.object({ migrations: z.array(migration) });

export const progressSchema = z.object({
  migration: z.object({
    memory_total_bytes: z.number().nullish(),
    memory_processed_bytes: z.number().nullish(),
    memory_remaining_bytes: z.number().nullish(),
  }),
});
export type Progress = z.output<typeof progressSchema>['migration'];

export const actionsSchema = z.object({
  instanceActions: z.array(
    z.object({
      action: z.string(),
      request_id: z.string(),
      user_id: z.string().nullish(),
      message: z.string().nullish(),
    }),
  ),
});
export type InstanceAction = z.output<typeof actionsSchema>['instanceActions'][number];

export const actionSchema = z.object({
  instanceAction: z.object({
    message: z.string().nullish(),
    events: z
      .array(
        z.object({
          event: z.string(),
          result: z.string().nullish(),
          /** Shown to administrators. */
          traceback: z.string().nullish(),
        }),
      )
      .nullish(),
  }),
});

/** Epoch ms; NaN where it is no time. */
export function utcMs(text: string | null | undefined): number {
  if (text === null || text === undefined) return Number.NaN;
  return Date.parse(/(?:Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}Z`);
}
