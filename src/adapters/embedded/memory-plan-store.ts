// Calendars, hosts, traits, groups, and plans in memory: for unit tests.
import {
  PlanStore,
  type NamedRecord,
  type PlanRecordKind,
  type PlanRecords,
} from '../../migration';

export class MemoryPlanStore extends PlanStore {
  /** By tenant and kind, then id; as text, so that nobody changes what is kept. */
  private readonly records = new Map<string, Map<string, string>>();

  override put<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    records: readonly NamedRecord<K>[],
  ): Promise<void> {
    const kept = this.of(tenantId, kind);
    for (const { id, record } of records) kept.set(id, JSON.stringify(record));
    return Promise.resolve();
  }

  override find<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    id: string,
  ): Promise<PlanRecords[K] | undefined> {
    const text = this.of(tenantId, kind).get(id);
    return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as PlanRecords[K]));
  }

  override list<K extends PlanRecordKind>(
    tenantId: string,
    kind: K,
    ids?: readonly string[],
  ): Promise<readonly NamedRecord<K>[]> {
    const asked = ids === undefined ? undefined : new Set(ids);
    const found = [...this.of(tenantId, kind)]
      .filter(([id]) => asked === undefined || asked.has(id))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([id, text]) => ({ id, record: JSON.parse(text) as PlanRecords[K] }));
    return Promise.resolve(found);
  }

  override remove(tenantId: string, kind: PlanRecordKind, id: string): Promise<boolean> {
    return Promise.resolve(this.of(tenantId, kind).delete(id));
  }

  private of(tenantId: string, kind: PlanRecordKind): Map<string, string> {
    const key = `${tenantId}\u001f${kind}`;
    let found = this.records.get(key);
    if (found === undefined) this.records.set(key, (found = new Map()));
    return found;
  }
}
