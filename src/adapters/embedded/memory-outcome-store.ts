// Outcomes in memory: for unit tests.
import {
  OutcomeStore,
  settleOutcome,
  type Kept,
  type OutcomeRecord,
  type StoredOutcome,
} from '../../migration';

export class MemoryOutcomeStore extends OutcomeStore {
  private readonly kept = new Map<string, Map<string, StoredOutcome>>();
  private position = 0;

  override async put(tenantId: string, record: OutcomeRecord): Promise<Kept> {
    const mine = this.of(tenantId);
    const { id } = record.outcome;
    const before = mine.get(id);
    const kept = before === undefined ? 'new' : settleOutcome(before.outcome, record.outcome);
    if (kept === 'again') return kept;
    this.position += 1;
    mine.delete(id); // a settled one goes to the end
    mine.set(id, { ...record, position: this.position });
    return kept;
  }

  override async find(tenantId: string, id: string): Promise<StoredOutcome | undefined> {
    return this.of(tenantId).get(id);
  }

  override async list(
    tenantId: string,
    asked: { readonly after: number; readonly limit: number; readonly vmId?: string },
  ): Promise<readonly StoredOutcome[]> {
    const { after, limit, vmId } = asked;
    return [...this.of(tenantId).values()]
      .filter(
        ({ position, outcome }) => position > after && (vmId ?? outcome.vmId) === outcome.vmId,
      )
      .slice(0, limit);
  }

  private of(tenantId: string): Map<string, StoredOutcome> {
    let found = this.kept.get(tenantId);
    if (found === undefined) this.kept.set(tenantId, (found = new Map()));
    return found;
  }
}
