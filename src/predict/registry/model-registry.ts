// Which models of the fleet exist, which of them forecasts, and who decided so.
import { DomainError, type EpochMs, type Json } from '../../core';
import type { ModelPurpose } from '../train-models';
import type { ModelMetrics } from './model-metrics';

/** champion: the nights forecast with it. challenger: trained last, and not promoted yet. */
export const MODEL_ALIASES = ['champion', 'challenger'] as const;
export type ModelAlias = (typeof MODEL_ALIASES)[number];

/** What an alias belongs to: one kind of model at one step. */
export interface ModelSlot {
  /** Name of the forecaster, e.g. "boosted". */
  readonly name: string;
  readonly stepSec: number;
}

/** A file of a version in the object store. */
export interface StoredArtefact {
  readonly key: string;
  readonly bytes: number;
  readonly crc32c: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** What forecasts (or judges), and which columns it has learned from: [fromMs, untilMs). */
export interface ModelArtefact extends StoredArtefact {
  readonly purpose: ModelPurpose;
  readonly fromMs: EpochMs;
  readonly untilMs: EpochMs;
}

/** One trained model, immutable. */
export interface ModelVersion extends ModelSlot {
  /** A hash of tenant, slot, data span, seed, code, backend, and the bytes: trained again, it is the same. */
  readonly modelId: string;
  /** The longest lead, in steps. */
  readonly horizon: number;
  readonly seed: number;
  readonly series: number;
  readonly fromMs: EpochMs;
  readonly untilMs: EpochMs;
  readonly codeVersion: string;
  readonly backend: string;
  readonly isa: string;
  readonly metrics: ModelMetrics;
  /** One to forecast with, and one to judge by where the history allowed it. */
  readonly artefacts: readonly ModelArtefact[];
  /** The model card as JSON and as Markdown, and the errors of each VM as Parquet. */
  readonly card: StoredArtefact;
  readonly cardText: StoredArtefact;
  readonly errors: StoredArtefact;
  readonly createdMs: EpochMs;
}

export interface AliasPlace extends ModelSlot {
  readonly alias: ModelAlias;
  readonly modelId: string;
}

/** One alias from one version to another; kept for ever. */
export interface AliasMove extends ModelSlot {
  readonly alias: ModelAlias;
  readonly kind: 'train' | 'promote' | 'rollback';
  /** Absent: the alias stood nowhere. */
  readonly fromId?: string;
  /** Absent: it stands nowhere now. */
  readonly toId?: string;
  readonly who: string;
  readonly why: string;
  readonly atMs: EpochMs;
  /** What the gate measured. */
  readonly gate?: Json;
}

export interface VersionQuery {
  readonly modelId?: string;
  readonly limit: number;
  /** Versions that follow this one in the list. */
  readonly afterId?: string;
}

/** Twins: memory and PostgreSQL. */
export abstract class ModelRegistry {
  /** A second version of the same id changes nothing. */
  abstract add(tenantId: string, version: ModelVersion): Promise<void>;

  /** Newest first, equal instants by id. */
  abstract versions(tenantId: string, query: VersionQuery): Promise<readonly ModelVersion[]>;

  /** By name, step, and alias. */
  abstract aliases(tenantId: string): Promise<readonly AliasPlace[]>;

  /**
   * All or none. Throws MODEL_CONFLICT when an alias does not stand where its move starts from,
   * MODEL_VERSION_UNKNOWN when a move ends at no version of its slot. Of two moves from the same
   * place at the same time one is refused.
   */
  abstract move(tenantId: string, moves: readonly AliasMove[]): Promise<void>;

  /** Every move of a slot, the oldest first. */
  abstract moves(tenantId: string, slot: ModelSlot): Promise<readonly AliasMove[]>;
}

/** "boosted-3600": how a slot is shown and asked for. */
export function slotName({ name, stepSec }: ModelSlot): string {
  return `${name}-${stepSec}`;
}

/** What a registry throws when an alias does not stand where a move starts from. */
export function aliasMovedAlready(move: AliasMove): DomainError {
  const from = move.fromId === undefined ? 'nowhere' : `at '${move.fromId}'`;
  const message = `${move.alias} of ${slotName(move)} does not stand ${from}: somebody moved it before`;
  return new DomainError('MODEL_CONFLICT', message, { slot: slotName(move), alias: move.alias });
}

export function versionUnknown(modelId: string, slot?: ModelSlot): DomainError {
  const of = slot === undefined ? '' : ` of ${slotName(slot)}`;
  return new DomainError(
    'MODEL_VERSION_UNKNOWN',
    `model version '${modelId.slice(0, 64)}'${of} is unknown`,
    { modelId: modelId.slice(0, 64) },
  );
}
