// Published windows and policies of one process: file commands and unit tests.
import { DomainError } from '../../core';
import type { EpochMs, Json } from '../../core';
import { documentAt, WindowStore } from '../../migration';
import type { DocumentBatch, VmPolicy, WindowDocument } from '../../migration';
import type { MemoryFeedStore } from './memory-feed-store';

/** Makes the run the published attempt of its runDate: the ledger's part of the flip. */
export type MarkPublished = (runId: string, summary: Json, nowMs: EpochMs) => void;

const AUTO: VmPolicy = { state: 'auto' };

export class MemoryWindowStore extends WindowStore {
  private readonly newest = new Map<string, Map<string, WindowDocument>>();
  private readonly decided = new Map<string, Map<string, VmPolicy>>();
  private readonly staged = new Map<string, Map<number, DocumentBatch>>();
  private readonly publishedRuns = new Map<string, readonly WindowDocument[]>();
  private readonly tenantOfRun = new Map<string, string>();

  /** `feed` receives the outbox rows; `markPublished` must not fail after it changed something. */
  constructor(
    private readonly feed: MemoryFeedStore,
    private readonly markPublished: MarkPublished = () => undefined,
  ) {
    super();
  }

  override async revisions(tenantId: string, vmIds: readonly string[]): Promise<Int32Array> {
    const documents = this.newest.get(tenantId);
    return Int32Array.from(vmIds, (vmId) => documents?.get(vmId)?.revision ?? 0);
  }

  override async policies(
    tenantId: string,
    vmIds: readonly string[],
  ): Promise<readonly VmPolicy[]> {
    const policies = this.decided.get(tenantId);
    return vmIds.map((vmId) => policies?.get(vmId) ?? AUTO);
  }

  override async setPolicy(tenantId: string, vmId: string, policy: VmPolicy): Promise<void> {
    mapOf(this.decided, tenantId).set(vmId, policy);
  }

  override async stage(runId: string, shard: number, documents: DocumentBatch): Promise<void> {
    if (this.publishedRuns.has(runId)) return; // a worker that came too late
    mapOf(this.staged, runId).set(shard, documents);
  }

  override async publish(
    tenantId: string,
    runId: string,
    summary: Json,
    nowMs: EpochMs,
  ): Promise<void> {
    if (this.publishedRuns.has(runId)) return;
    this.markPublished(runId, summary, nowMs);
    const newest = mapOf(this.newest, tenantId);
    const fresh = [...(this.staged.get(runId)?.values() ?? [])]
      .flatMap((batch) => Array.from({ length: batch.count }, (_, row) => documentAt(batch, row)))
      .filter((document) => document.revision > (newest.get(document.vmId)?.revision ?? 0))
      .toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1));
    this.publishedRuns.set(runId, fresh);
    this.tenantOfRun.set(runId, tenantId);
    for (const document of fresh) newest.set(document.vmId, document);
    this.feed.append(tenantId, fresh);
    this.staged.delete(runId);
  }

  override async replace(tenantId: string, document: WindowDocument): Promise<void> {
    const newest = mapOf(this.newest, tenantId);
    const current = newest.get(document.vmId)?.revision ?? 0;
    if (document.revision <= current) {
      throw new DomainError(
        'RUN_CONFLICT',
        `revision ${document.revision} of VM '${document.vmId}' is not above ${current}`,
        { vmId: document.vmId, revision: document.revision, current },
      );
    }
    newest.set(document.vmId, document);
    this.feed.append(tenantId, [document]);
  }

  override async document(tenantId: string, vmId: string): Promise<WindowDocument | undefined> {
    return this.newest.get(tenantId)?.get(vmId);
  }

  override async nightDocuments(
    tenantId: string,
    runId: string,
    vmIds: readonly string[],
  ): Promise<readonly WindowDocument[]> {
    if (this.tenantOfRun.get(runId) !== tenantId) return [];
    const asked = new Set(vmIds);
    return (this.publishedRuns.get(runId) ?? []).filter(({ vmId }) => asked.has(vmId));
  }
}

function mapOf<K, V>(outer: Map<string, Map<K, V>>, key: string): Map<K, V> {
  let inner = outer.get(key);
  if (inner === undefined) {
    inner = new Map();
    outer.set(key, inner);
  }
  return inner;
}
