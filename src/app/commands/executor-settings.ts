// The settings file of `slackwater execute`, one schema per kind of hypervisor.
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import {
  KubeVirtExecutor,
  LibvirtExecutor,
  NovaExecutor,
  ProxmoxExecutor,
  QemuExecutor,
} from '../../adapters/executors';
import { DomainError } from '../../core';
import type { MigrationExecutor } from '../../migration';

const limits = {
  downtimeLimitMs: z.number().min(1).max(2_000_000).default(300),
  bandwidthBytesPerSec: z.number().min(65_536).optional(),
};
const text = z.string().min(1);
/** Of an API over HTTP. */
const bounds = { caFile: text.optional(), timeoutMs: z.int().min(100).optional() };
const api = { url: text, tokenFile: text, ...bounds };

/** How each VM is reached, by its id. */
function vmsOf<T extends z.ZodRawShape>(shape: T) {
  return z.record(text, z.strictObject(shape));
}

const KINDS = {
  qemu: kindOf(
    200,
    z.strictObject({
      ...limits,
      vms: vmsOf({
        source: text,
        destination: text,
        listen: z.string().default('tcp:127.0.0.1:0'),
        destinationLog: text.optional(),
      }),
    }),
    ({ vms }) => new QemuExecutor(vms),
  ),
  kubevirt: kindOf(
    1_000,
    z.strictObject({
      ...limits,
      ...api,
      vms: vmsOf({
        namespace: text,
        name: text,
        policySelector: z.record(text, z.string()).optional(),
      }),
    }),
    (settings) => new KubeVirtExecutor(settings),
  ),
  libvirt: kindOf(
    500,
    z.strictObject({
      ...limits,
      virsh: text.optional(),
      timeoutMs: bounds.timeoutMs,
      vms: vmsOf({
        domain: text,
        source: text,
        destination: text,
        migrateUri: text.optional(),
        peerToPeer: z.boolean().optional(),
        copyStorage: z.boolean().optional(),
        persistent: z.boolean().optional(),
      }),
    }),
    (settings, journal) => new LibvirtExecutor({ ...settings, folder: `${journal}.virsh` }),
  ),
  nova: kindOf(
    1_000,
    z.strictObject({
      ...limits,
      ...bounds,
      authUrl: text,
      credentialFile: text,
      region: text.optional(),
      interface: z.enum(['public', 'internal', 'admin']).optional(),
      permitsAutoConverge: z.boolean().optional(),
      permitsPostCopy: z.boolean().optional(),
      vms: vmsOf({ serverId: text, host: text.optional() }),
    }),
    (settings) => new NovaExecutor(settings),
  ),
  proxmox: kindOf(
    1_000,
    z.strictObject({
      ...limits,
      ...api,
      vms: vmsOf({
        vmid: z.int().min(1),
        target: text,
        withLocalDisks: z.boolean().optional(),
        targetStorage: text.optional(),
      }),
    }),
    (settings) => new ProxmoxExecutor(settings),
  ),
} as const;

export type ExecutorName = keyof typeof KINDS;
export const EXECUTOR_NAMES = Object.keys(KINDS) as readonly ExecutorName[];

export interface OpenedExecutor {
  readonly executor: MigrationExecutor;
  readonly pollMs: number;
  readonly downtimeLimitMs: number;
  readonly bandwidthBytesPerSec?: number;
}

/** Throws INPUT_UNREADABLE naming the file, REQUEST_INVALID naming the field. */
export function openExecutor(kind: ExecutorName, path: string, journal: string): OpenedExecutor {
  return KINDS[kind](kind, path, journal);
}

function kindOf<S extends z.ZodObject<typeof limits>>(
  pollMs: number,
  schema: S,
  open: (settings: z.output<S>, journal: string) => MigrationExecutor,
) {
  return (kind: string, path: string, journal: string): OpenedExecutor => {
    const settings = settingsIn(kind, schema, path);
    const { downtimeLimitMs, bandwidthBytesPerSec } = settings;
    return { executor: open(settings, journal), pollMs, downtimeLimitMs, bandwidthBytesPerSec };
  };
}

function settingsIn<S extends z.ZodType>(kind: string, schema: S, path: string): z.output<S> {
  let said: unknown;
  try {
    said = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `settings '${path}' cannot be read: ${why}`;
    throw new DomainError('INPUT_UNREADABLE', message, {}, { cause });
  }
  const parsed = schema.safeParse(said, { reportInput: true });
  if (parsed.success) return parsed.data;
  const [fault] = parsed.error.issues;
  const absent = fault.code === 'invalid_type' && fault.input === undefined;
  const why = absent ? `is missing; --executor ${kind} needs it` : fault.message;
  const message = `settings '${path}': ${fault.path.join('.')}: ${why} (docs/executors.md)`;
  throw new DomainError('REQUEST_INVALID', message);
}
