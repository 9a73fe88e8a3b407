// Promotion through the gate, and the way back: who forecasts from the next night on.
import { DomainError, type EpochMs, type Json } from '../../core';
import type { Kernels } from '../../kernels';
import { artefactOf, findVersion } from './load-model';
import { measureVersions } from './measured-versions';
import { getArtefact } from './model-artefact';
import { gateVerdict, type GateVerdict } from './model-gate';
import {
  slotName,
  type AliasMove,
  type AliasPlace,
  type ModelAlias,
  type ModelSlot,
  type ModelVersion,
} from './model-registry';
import type { RegistryPorts } from './registry-ports';
import { trainingHistory } from './training-history';

export interface MoveRequest {
  readonly tenantId: string;
  readonly modelId: string;
  readonly who: string;
  readonly why: string;
}

export interface PromoteRequest extends MoveRequest {
  /** The gate measures the last nights before this instant. */
  readonly atMs: EpochMs;
  readonly kernels: Kernels;
}

/**
 * Throws MODEL_VERSION_UNKNOWN; MODEL_CONFLICT where the version is the champion already or the champion
 * changed meanwhile; MODEL_GATE_CLOSED with the gate's reasons; what `getArtefact` throws.
 */
export async function promoteModel(
  request: PromoteRequest,
  ports: RegistryPorts,
): Promise<GateVerdict> {
  const { tenantId, modelId } = request;
  const version = await findVersion(ports.registry, tenantId, modelId);
  const championId = await standsAt(ports, tenantId, version, 'champion');
  if (championId === modelId) {
    const message = `version '${modelId}' is the champion of ${slotName(version)} already`;
    throw new DomainError('MODEL_CONFLICT', message, { modelId });
  }
  await getArtefact(ports.objects, artefactOf(version, 'forecast')); // what the nights would load
  const champion =
    championId === undefined ? undefined : await findVersion(ports.registry, tenantId, championId);
  const { atMs, kernels } = request;
  const { batch } = await trainingHistory(ports.tenant(tenantId), stepOf(version), atMs);
  const champions = champion === undefined ? [] : [champion];
  const errors = await measureVersions([version], champions, batch, kernels, ports.objects);
  const verdict = gateVerdict(errors, modelId, championId);
  await promoteByVerdict(version, championId, verdict, request, ports);
  return verdict;
}

/** The moves alone, after the gate: from the champion that was measured against. */
export async function promoteByVerdict(
  version: ModelVersion,
  championId: string | undefined,
  verdict: GateVerdict,
  { tenantId, who, why }: MoveRequest,
  ports: RegistryPorts,
): Promise<void> {
  const { modelId, name, stepSec } = version;
  if (!verdict.open) {
    const message = `version '${modelId}' of ${slotName(version)}: ${verdict.reasons.join('; ')}`;
    throw new DomainError('MODEL_GATE_CLOSED', message, { modelId, verdict });
  }
  const atMs = ports.clock.nowMs();
  const about = { name, stepSec, kind: 'promote', who, why, atMs } as const;
  const moves: AliasMove[] = [
    {
      ...about,
      alias: 'champion',
      fromId: championId,
      toId: modelId,
      gate: verdict as unknown as Json,
    },
  ];
  const challengerId = await standsAt(ports, tenantId, version, 'challenger');
  if (challengerId === modelId) moves.push({ ...about, alias: 'challenger', fromId: modelId });
  await ports.registry.move(tenantId, moves);
}

/**
 * Back to the champion before `modelId`; none where it was the first. Throws MODEL_VERSION_UNKNOWN, and
 * MODEL_CONFLICT where `modelId` is not the champion (any more). Needs no gate.
 */
export async function rollbackModel(
  { tenantId, modelId, who, why }: MoveRequest,
  ports: Pick<RegistryPorts, 'registry' | 'clock'>,
): Promise<{ readonly championId?: string }> {
  const version = await findVersion(ports.registry, tenantId, modelId);
  const { name, stepSec } = version;
  const championId = await standsAt(ports, tenantId, version, 'champion');
  if (championId !== modelId) {
    const message = `version '${modelId}' is not the champion of ${slotName(version)}`;
    throw new DomainError('MODEL_CONFLICT', message, { modelId });
  }
  const toId = championBefore(await ports.registry.moves(tenantId, version));
  const atMs = ports.clock.nowMs();
  await ports.registry.move(tenantId, [
    { name, stepSec, alias: 'champion', kind: 'rollback', fromId: modelId, toId, who, why, atMs },
  ]);
  return { championId: toId };
}

/** A promotion puts a version on a stack, a rollback takes one off: rolled back twice is two steps back. */
export function championBefore(moves: readonly AliasMove[]): string | undefined {
  const stack: string[] = [];
  for (const { alias, kind, toId } of moves) {
    if (alias !== 'champion') continue;
    if (kind === 'rollback') stack.pop();
    else if (toId !== undefined) stack.push(toId);
  }
  return stack.at(-2);
}

export async function standsAt(
  { registry }: Pick<RegistryPorts, 'registry'>,
  tenantId: string,
  slot: ModelSlot,
  alias: ModelAlias,
): Promise<string | undefined> {
  const isIt = (place: AliasPlace): boolean =>
    place.alias === alias && slotName(place) === slotName(slot);
  return (await registry.aliases(tenantId)).find(isIt)?.modelId;
}

export function stepOf({ stepSec }: ModelSlot): { readonly stepMs: number } {
  return { stepMs: stepSec * 1_000 };
}
