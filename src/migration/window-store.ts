// Published windows, what operators decided about VMs, and the feed that carries both.
import type { EpochMs, Json } from '../core';
import { textColumn, textOf, type TextColumn } from '../kernels';

/** The document of one VM as it is on the feed, in REST, on the page, and in the file. */
export interface WindowDocument {
  readonly vmId: string;
  readonly revision: number;
  /** Hash of (tenant, runDate, vmId, revision): event id and idempotency key. */
  readonly id: string;
  /** Canonical JSON, serialised once. */
  readonly text: string;
}

/** Documents of many VMs as columns of equal length. */
export interface DocumentBatch {
  readonly count: number;
  readonly vmIds: TextColumn;
  readonly ids: TextColumn;
  readonly revisions: Int32Array;
  readonly texts: TextColumn;
}

export function documentBatch(documents: readonly WindowDocument[]): DocumentBatch {
  return {
    count: documents.length,
    vmIds: textColumn(documents.map((one) => one.vmId)),
    ids: textColumn(documents.map((one) => one.id)),
    revisions: Int32Array.from(documents, (one) => one.revision),
    texts: textColumn(documents.map((one) => one.text)),
  };
}

export function documentAt(batch: DocumentBatch, row: number): WindowDocument {
  const { vmIds, ids, revisions, texts } = batch;
  return {
    vmId: textOf(vmIds, row),
    revision: revisions[row],
    id: textOf(ids, row),
    text: textOf(texts, row),
  };
}

/** What an operator decided about a VM; 'auto' when nothing. */
export type VmPolicy =
  | { readonly state: 'auto' }
  | { readonly state: 'excluded'; readonly reason: string }
  | { readonly state: 'pinned'; readonly notBeforeMs: EpochMs; readonly reason: string };

/** One event about one VM as it is relayed. */
export interface FeedEvent {
  /** Rises with each event of its kind. */
  readonly position: number;
  readonly id: string;
  readonly vmId: string;
  /** Of windows only. */
  readonly revision?: number;
  readonly text: string;
}

/** Windows; positions are given by the relay, 1, 2, 3 ... without holes per tenant. */
export interface FeedEntry extends FeedEvent {
  readonly revision: number;
}

/** Twins: memory and PostgreSQL. All of one tenant unless it says otherwise. */
export abstract class WindowStore {
  /** Newest published revision of each VM, 0 where none, in the order given. */
  abstract revisions(tenantId: string, vmIds: readonly string[]): Promise<Int32Array>;

  abstract policies(tenantId: string, vmIds: readonly string[]): Promise<readonly VmPolicy[]>;

  abstract setPolicy(tenantId: string, vmId: string, policy: VmPolicy): Promise<void>;

  /** Keeps a shard's documents out of sight until `publish`; replaces what it staged before. */
  abstract stage(runId: string, shard: number, documents: DocumentBatch): Promise<void>;

  /**
   * One transaction: the run becomes the published attempt of (tenant, runDate), every staged
   * document whose revision is higher than the VM's becomes its newest, and an outbox row each, in
   * the order of vmId, whatever the shards were. A second call changes nothing.
   */
  abstract publish(tenantId: string, runId: string, summary: Json, nowMs: EpochMs): Promise<void>;

  /**
   * One document outside a night (pin, exclude); same transaction for document and outbox.
   * A revision that is not above the newest one is refused with RUN_CONFLICT.
   */
  abstract replace(tenantId: string, document: WindowDocument): Promise<void>;

  abstract document(tenantId: string, vmId: string): Promise<WindowDocument | undefined>;

  /** What a published night chose for the named VMs, by vmId; those without a document are left out. */
  abstract nightDocuments(
    tenantId: string,
    runId: string,
    vmIds: readonly string[],
  ): Promise<readonly WindowDocument[]>;
}

/** The feed's side of the outbox. */
export abstract class FeedStore {
  /**
   * Gives up to `limit` outbox rows their positions, in commit order; returns how many.
   * Only the holder of the relay's lease calls it.
   */
  abstract advance(tenantId: string, limit: number): Promise<number>;

  /** Entries after `position`, in order. */
  abstract read(tenantId: string, after: number, limit: number): Promise<readonly FeedEntry[]>;

  /** The position up to which a sink (by name) has everything. */
  abstract delivered(tenantId: string, sink: string): Promise<number>;
  abstract markDelivered(tenantId: string, sink: string, position: number): Promise<void>;

  /** While stopped, `advance` does nothing. */
  abstract setStopped(tenantId: string, stopped: boolean): Promise<void>;
  abstract stopped(tenantId: string): Promise<boolean>;
}

/** Where the relay delivers (Kafka); at least once, under the same event id. */
export abstract class FeedSink {
  abstract readonly name: string;
  abstract deliver(tenantId: string, events: readonly FeedEvent[]): Promise<void>;
  abstract close(): Promise<void>;
}
