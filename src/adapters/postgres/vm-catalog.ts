// The VMs of one tenant: dense indexes that never change, given out under the tenant's row lock.
import type { PoolClient } from 'pg';
import { DomainError, vmIdOf } from '../../core';
import type { VmRecord } from '../../ingest';

const BATCH = 5_000; // UNNEST gains nothing beyond (pitfalls: 43 to 60 k rows/s).

type VmSpec = Omit<VmRecord, 'vmIndex'>;

/** The newest life of each VM that is known already. */
async function findVms(
  client: PoolClient,
  vmIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  for (let first = 0; first < vmIds.length; first += BATCH) {
    const { rows } = await client.query<{ vm_id: string; vm_index: number }>(
      `SELECT vm_id, vm_index FROM vm WHERE vm_id = ANY($1::text[]) ORDER BY life`,
      [vmIds.slice(first, first + BATCH)],
    );
    for (const row of rows) found.set(row.vm_id, row.vm_index);
  }
  return found;
}

/** Like findVms, but gives new names the next free indexes, in the order given. */
export async function allocateVms(
  client: PoolClient,
  tenantId: string,
  vmIds: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const found = new Map(await findVms(client, vmIds));
  const missing = new Set(vmIds.filter((vmId) => !found.has(vmId)).map(vmIdOf));
  if (missing.size === 0) return found;
  const locked = await client.query<{ vm_count: number }>(
    `SELECT vm_count FROM tenant WHERE tenant_id = $1 FOR UPDATE`,
    [tenantId],
  );
  if (locked.rows[0] === undefined) throw tenantUnknown(tenantId);
  // Another process may have given some of them an index before we got the lock.
  for (const [vmId, vmIndex] of await findVms(client, [...missing])) {
    found.set(vmId, vmIndex);
    missing.delete(vmId);
  }
  let next = locked.rows[0].vm_count;
  const names = [...missing];
  for (let first = 0; first < names.length; first += BATCH) {
    const part = names.slice(first, first + BATCH);
    await client.query(
      `INSERT INTO vm (tenant_id, vm_index, vm_id)
       SELECT $1, $2 + n - 1, name FROM unnest($3::text[]) WITH ORDINALITY AS new (name, n)`,
      [tenantId, next, part],
    );
    for (const vmId of part) found.set(vmId, next++);
  }
  await client.query(`UPDATE tenant SET vm_count = $2 WHERE tenant_id = $1`, [tenantId, next]);
  return found;
}

/** Sets what is given and keeps what is not; the VMs exist. */
export async function updateSpecs(
  client: PoolClient,
  vms: readonly (VmSpec & { readonly vmIndex: number })[],
): Promise<void> {
  for (let first = 0; first < vms.length; first += BATCH) {
    const part = vms.slice(first, first + BATCH);
    await client.query(
      `UPDATE vm SET host = coalesce(s.host, vm.host), cluster = coalesce(s.cluster, vm.cluster),
         vcpus = coalesce(s.vcpus, vm.vcpus), owner = coalesce(s.owner, vm.owner),
         memory_bytes = coalesce(s.memory_bytes, vm.memory_bytes)
       FROM unnest($1::int[], $2::text[], $3::text[], $4::float8[], $5::float8[], $6::text[])
         AS s (vm_index, host, cluster, vcpus, memory_bytes, owner)
       WHERE vm.vm_index = s.vm_index`,
      [
        part.map((vm) => vm.vmIndex),
        part.map((vm) => vm.host ?? null),
        part.map((vm) => vm.cluster ?? null),
        part.map((vm) => vm.vcpus ?? null),
        part.map((vm) => vm.memoryBytes ?? null),
        part.map((vm) => vm.owner ?? null),
      ],
    );
  }
}

interface VmRow {
  readonly vm_index: number;
  readonly vm_id: string;
  readonly host: string | null;
  readonly cluster: string | null;
  readonly vcpus: number | null;
  readonly memory_bytes: number | null;
  readonly owner: string | null;
}

export async function allVms(client: PoolClient): Promise<readonly VmRecord[]> {
  const { rows } = await client.query<VmRow>(
    `SELECT vm_index, vm_id, host, cluster, vcpus, memory_bytes, owner FROM vm ORDER BY vm_index`,
  );
  return rows.map(recordOf);
}

/** In the order given, the newest life of each; unknown ones are left out. */
export async function namedVms(
  client: PoolClient,
  vmIds: readonly string[],
): Promise<readonly VmRecord[]> {
  const found = new Map<string, VmRecord>();
  for (let first = 0; first < vmIds.length; first += BATCH) {
    const { rows } = await client.query<VmRow>(
      `SELECT vm_index, vm_id, host, cluster, vcpus, memory_bytes, owner
       FROM vm WHERE vm_id = ANY($1::text[]) ORDER BY life`,
      [vmIds.slice(first, first + BATCH)],
    );
    for (const row of rows) found.set(row.vm_id, recordOf(row));
  }
  return vmIds.flatMap((vmId) => found.get(vmId) ?? []);
}

function recordOf(row: VmRow): VmRecord {
  return {
    vmIndex: row.vm_index,
    vmId: row.vm_id,
    ...(row.host !== null && { host: row.host }),
    ...(row.cluster !== null && { cluster: row.cluster }),
    ...(row.vcpus !== null && { vcpus: row.vcpus }),
    ...(row.memory_bytes !== null && { memoryBytes: row.memory_bytes }),
    ...(row.owner !== null && { owner: row.owner }),
  };
}

function tenantUnknown(tenantId: string): DomainError {
  return new DomainError('NOT_FOUND', `tenant '${tenantId}' is unknown; create it first`, {
    tenantId,
  });
}
