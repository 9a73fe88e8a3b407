// What is read of Proxmox VE's API (/api2/json); numbers may come as strings.
import { z } from 'zod';

const number = z.coerce.number();
/** Anything, or nothing: a call that answers `{"data": null}`. */
export const nothingSchema = z.object({ data: z.unknown() });

export const resourcesSchema = z.object({
  data: z.array(
    z.object({
      type: z.string(),
      vmid: number.optional(),
      node: z.string(),
      status: z.string().optional(),
      hastate: z.string().nullish(),
    }),
  ),
});
export type VmPlace = z.output<typeof resourcesSchema>['data'][number];

export const configSchema = z.object({
  data: z.object({
    lock: z.string().optional(),
    /** s */
    migrate_downtime: number.optional(),
    /** MiB/s */
    migrate_speed: number.optional(),
  }),
});

export const preconditionSchema = z.object({
  data: z.object({
    not_allowed_nodes: z.record(z.string(), z.unknown()).nullish(),
    local_disks: z.array(z.object({ volid: z.string().optional() })).nullish(),
    local_resources: z.array(z.string()).nullish(),
  }),
});

export const tasksSchema = z.object({
  data: z.array(z.object({ upid: z.string(), type: z.string(), starttime: number })),
});

export const upidSchema = z.object({ data: z.string().startsWith('UPID:') });

export const taskSchema = z.object({
  data: z.object({ status: z.enum(['running', 'stopped']), exitstatus: z.string().optional() }),
});

export const logSchema = z.object({
  data: z.array(z.object({ n: number, t: z.string() })),
  total: number.optional(),
});
