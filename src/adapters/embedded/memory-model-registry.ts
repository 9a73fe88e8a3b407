// Versions and aliases of one process: unit tests.
import {
  aliasMovedAlready,
  ModelRegistry,
  slotName,
  versionUnknown,
  type AliasMove,
  type AliasPlace,
  type ModelSlot,
  type ModelVersion,
  type VersionQuery,
} from '../../predict';

interface TenantModels {
  readonly versions: Map<string, ModelVersion>;
  readonly moves: AliasMove[];
}

export class MemoryModelRegistry extends ModelRegistry {
  private readonly tenants = new Map<string, TenantModels>();

  override async add(tenantId: string, version: ModelVersion): Promise<void> {
    const { versions } = this.of(tenantId);
    if (!versions.has(version.modelId)) versions.set(version.modelId, version);
  }

  override async versions(
    tenantId: string,
    { modelId, limit, afterId }: VersionQuery,
  ): Promise<readonly ModelVersion[]> {
    const all = [...this.of(tenantId).versions.values()].toSorted(
      (a, b) => b.createdMs - a.createdMs || (a.modelId < b.modelId ? 1 : -1),
    );
    const from = afterId === undefined ? 0 : all.findIndex((one) => one.modelId === afterId) + 1;
    const later = afterId !== undefined && from === 0 ? [] : all.slice(from);
    return later.filter((one) => modelId === undefined || one.modelId === modelId).slice(0, limit);
  }

  override async aliases(tenantId: string): Promise<readonly AliasPlace[]> {
    return [...placesAfter(this.of(tenantId).moves).values()].toSorted(
      (a, b) => compare(a.name, b.name) || a.stepSec - b.stepSec || compare(a.alias, b.alias),
    );
  }

  override async move(tenantId: string, moves: readonly AliasMove[]): Promise<void> {
    const models = this.of(tenantId);
    for (const [at, move] of moves.entries()) {
      const places = placesAfter([...models.moves, ...moves.slice(0, at)]);
      if (places.get(keyOf(move))?.modelId !== move.fromId) throw aliasMovedAlready(move);
      if (move.toId === undefined) continue;
      const version = models.versions.get(move.toId);
      if (version === undefined || slotName(version) !== slotName(move)) {
        throw versionUnknown(move.toId, move);
      }
    }
    models.moves.push(...moves);
  }

  override async moves(tenantId: string, slot: ModelSlot): Promise<readonly AliasMove[]> {
    return this.of(tenantId).moves.filter((move) => slotName(move) === slotName(slot));
  }

  private of(tenantId: string): TenantModels {
    let models = this.tenants.get(tenantId);
    if (models === undefined) {
      models = { versions: new Map(), moves: [] };
      this.tenants.set(tenantId, models);
    }
    return models;
  }
}

function placesAfter(moves: readonly AliasMove[]): ReadonlyMap<string, AliasPlace> {
  const places = new Map<string, AliasPlace>();
  for (const { name, stepSec, alias, toId } of moves) {
    const key = keyOf({ name, stepSec, alias });
    if (toId === undefined) places.delete(key);
    else places.set(key, { name, stepSec, alias, modelId: toId });
  }
  return places;
}

function keyOf({ name, stepSec, alias }: Pick<AliasPlace, 'name' | 'stepSec' | 'alias'>): string {
  return `${slotName({ name, stepSec })} ${alias}`;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
