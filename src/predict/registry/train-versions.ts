// A training of one tenant: models from its own history, measured, carded, kept as challengers.
import { DAY_MS, DomainError, hashId, type EpochMs, type SeriesBatch } from '../../core';
import type { Kernels } from '../../kernels';
import { FIVE_MINUTE, HOURLY, type Resolution } from '../night-settings';
import { trainModels, type ModelPurpose, type TrainedModel } from '../train-models';
import { artefactBefore, findVersion } from './load-model';
import { BASELINE_NAMES, type ModelErrors } from './measure-models';
import { firstOriginOf, measureVersions } from './measured-versions';
import { checksumsOf, putArtefact } from './model-artefact';
import { modelCard, modelCardText } from './model-card';
import { gateVerdict, type GateVerdict } from './model-gate';
import type { ModelArtefact, ModelVersion } from './model-registry';
import { promoteByVerdict, standsAt } from './move-champion';
import type { RegistryPorts } from './registry-ports';
import { summariseErrors, sumsOf } from './summarise-errors';
import { trainingHistory, type TrainingHistory } from './training-history';
import { vmClasses } from './vm-classes';
import { encodeVmErrors } from './vm-errors';

export interface TrainingRequest {
  readonly tenantId: string;
  readonly names: readonly string[];
  readonly stepSecs: readonly number[];
  readonly seed: number;
  /** What lies after its last full hour is not read. */
  readonly atMs: EpochMs;
  readonly who: string;
  readonly why: string;
  /** Whether a version that passes the gate becomes the champion at once. */
  readonly promote: boolean;
  readonly kernels: Kernels;
  readonly codeVersion: string;
  /** Fewer rows cost less; default as each model has it. */
  readonly rowsMax?: number;
  readonly onModel?: (name: string, stepSec: number, purpose: ModelPurpose) => void;
}

export interface TrainedVersion {
  readonly version: ModelVersion;
  readonly verdict: GateVerdict;
  readonly promoted: boolean;
}

/** Days of known values: 14 nights are judged, and a judge learns from the 11 days before them. */
const DAYS_MIN = 25;
/**
 * As far back as a training looks. Hourly, 56 days lost 10 % less than 28 on rnd293, 83 days 6 % less
 * (docs/decisions/0015); the default retention of five-minute segments keeps 35.
 */
const TRAINING_DAYS = { hourly: 56, fiveMinute: 35 } as const;
const RESOLUTIONS: readonly Resolution[] = [HOURLY, FIVE_MINUTE];

/**
 * Equal data, seed, backend, and code give equal versions, and a version that is known already changes nothing.
 * Throws SERIES_TOO_SHORT below 25 days of history, MODEL_UNKNOWN as `trainModels`.
 */
export async function trainVersions(
  request: TrainingRequest,
  ports: RegistryPorts,
): Promise<readonly TrainedVersion[]> {
  const made: TrainedVersion[] = [];
  for (const resolution of RESOLUTIONS) {
    if (!request.stepSecs.includes(resolution.stepMs / 1_000)) continue;
    made.push(...(await trainResolution(request, resolution, ports)));
  }
  return made;
}

async function trainResolution(
  request: TrainingRequest,
  resolution: Resolution,
  ports: RegistryPorts,
): Promise<readonly TrainedVersion[]> {
  const { tenantId, names, seed, kernels, atMs } = request;
  const days = TRAINING_DAYS[resolution.name];
  const read = await trainingHistory(ports.tenant(tenantId), resolution, atMs, days);
  const history = { ...read, batch: fromFirstValue(read.batch) };
  refuseShortHistory(history.batch);
  const stepSec = resolution.stepMs / 1_000;
  const trained = await trainModels({
    names,
    history: history.batch,
    horizon: resolution.horizon,
    seed,
    rowsMax: request.rowsMax,
    kernels,
    onModel: (name, purpose) => request.onModel?.(name, stepSec, purpose),
  });
  const drafts: Draft[] = [];
  for (const name of names) {
    drafts.push(
      await keepArtefacts(
        request,
        trained.filter((one) => one.name === name),
        ports,
      ),
    );
  }
  const champions = await championsOf(drafts, tenantId, ports);
  const measured = await measureVersions(
    drafts,
    [...champions.values()],
    history.batch,
    kernels,
    ports.objects,
  );
  const classes = vmClasses(history.batch);
  const made: TrainedVersion[] = [];
  for (const draft of drafts) {
    const version = await keepVersion(draft, measured.errors, classes, history, request, ports);
    await challenge(version, request, ports);
    const championId = champions.get(draft.name)?.modelId;
    const verdict = gateVerdict(measured, version.modelId, championId);
    const promoted = request.promote && verdict.open && championId !== version.modelId;
    const move = { ...request, modelId: version.modelId };
    if (promoted) await promoteByVerdict(version, championId, verdict, move, ports);
    made.push({ version, verdict, promoted });
  }
  return made;
}

/** Without the columns before the first known value: the data span says what was there. */
function fromFirstValue(batch: SeriesBatch): SeriesBatch {
  const { values, length, seriesCount } = batch;
  let first = length;
  for (let row = 0; row < seriesCount; row += 1) {
    let column = 0;
    while (column < first && Number.isNaN(values[row * length + column])) column += 1;
    first = column;
  }
  return columnsAfter(batch, first);
}

function columnsAfter(batch: SeriesBatch, first: number): SeriesBatch {
  const { values, seriesCount, startMs, stepMs } = batch;
  const length = batch.length - first;
  const kept = new Float64Array(seriesCount * length);
  for (let row = 0; row < seriesCount; row += 1) {
    const from = row * batch.length + first;
    kept.set(values.subarray(from, from + length), row * length);
  }
  return { ...batch, startMs: startMs + first * stepMs, length, values: kept };
}

function refuseShortHistory({ length, stepMs }: SeriesBatch): void {
  const days = Math.floor((length * stepMs) / DAY_MS);
  if (days >= DAYS_MIN) return;
  const message = `${days} days of history; ${DAYS_MIN} are needed to train models and to measure them`;
  throw new DomainError('SERIES_TOO_SHORT', message, { days });
}

/** A version before it was measured. */
type Draft = Omit<ModelVersion, 'metrics' | 'card' | 'cardText' | 'errors'>;

async function keepArtefacts(
  { tenantId, codeVersion, kernels }: TrainingRequest,
  trained: readonly TrainedModel[],
  ports: RegistryPorts,
): Promise<Draft> {
  const [{ name, stepSec, horizon, seed, series, fromMs, untilMs }] = trained;
  const { backend, isa } = kernels.report();
  const sums = trained.map(({ bytes }) => checksumsOf(bytes).sha256);
  const span = [name, stepSec, horizon, seed, fromMs, untilMs, codeVersion, backend, isa];
  const modelId = hashId(tenantId, ...span, ...sums);
  const artefacts: ModelArtefact[] = [];
  for (const one of trained) {
    const key = `${folderOf(tenantId, modelId)}/${one.purpose}.model`;
    const stored = await putArtefact(ports.objects, key, one.bytes);
    const { purpose, fromMs: from, untilMs: until } = one;
    artefacts.push({ ...stored, purpose, fromMs: from, untilMs: until });
  }
  const createdMs = ports.clock.nowMs();
  const about = { modelId, name, stepSec, horizon, seed, series, fromMs, untilMs };
  return { ...about, codeVersion, backend, isa, artefacts, createdMs };
}

/** Object keys know lower case only; a tenant's id may have more. */
function folderOf(tenantId: string, modelId: string): string {
  return `models/${Buffer.from(tenantId).toString('hex')}/${modelId}`;
}

async function championsOf(
  drafts: readonly Draft[],
  tenantId: string,
  ports: RegistryPorts,
): Promise<ReadonlyMap<string, ModelVersion>> {
  const champions = new Map<string, ModelVersion>();
  for (const draft of drafts) {
    const championId = await standsAt(ports, tenantId, draft, 'champion');
    if (championId === undefined) continue;
    champions.set(draft.name, await findVersion(ports.registry, tenantId, championId));
  }
  return champions;
}

/** Card and errors beside the model, then the row: nobody finds a version whose files lack. */
async function keepVersion(
  draft: Draft,
  errors: ModelErrors,
  classes: readonly string[],
  { vmIds, batch }: TrainingHistory,
  { tenantId }: TrainingRequest,
  { objects, registry }: RegistryPorts,
): Promise<ModelVersion> {
  const own = errorsOf(errors, draft);
  const { artefacts, ...about } = draft;
  const { purpose, untilMs } = artefactBefore(draft, firstOriginOf(batch)) as ModelArtefact;
  const measuredWith = { purpose, untilMs };
  const card = modelCard(about, measuredWith, own, classes);
  const folder = folderOf(tenantId, draft.modelId);
  const put = (name: string, bytes: Uint8Array) => putArtefact(objects, `${folder}/${name}`, bytes);
  const version: ModelVersion = {
    ...draft,
    metrics: { ...card.measured, models: summariseErrors(own) },
    card: await put('card.json', Buffer.from(JSON.stringify(card))),
    cardText: await put('card.md', Buffer.from(modelCardText(card))),
    errors: await put('errors.parquet', await encodeVmErrors(own, vmIds, classes)),
  };
  await registry.add(tenantId, version);
  return version;
}

/** Of one version, under its model's name, and of the baselines. */
function errorsOf(errors: ModelErrors, { modelId, name }: Draft): ModelErrors {
  const baselines = errors.models.filter(({ model }) => BASELINE_NAMES.includes(model));
  return { ...errors, models: [{ ...sumsOf(errors, modelId), model: name }, ...baselines] };
}

async function challenge(
  version: ModelVersion,
  { tenantId, who, why }: TrainingRequest,
  ports: RegistryPorts,
): Promise<void> {
  const { name, stepSec, modelId } = version;
  if ((await standsAt(ports, tenantId, version, 'champion')) === modelId) return;
  const fromId = await standsAt(ports, tenantId, version, 'challenger');
  if (fromId === modelId) return;
  const atMs = ports.clock.nowMs();
  const about = { name, stepSec, alias: 'challenger', kind: 'train', who, why, atMs } as const;
  await ports.registry.move(tenantId, [{ ...about, fromId, toId: modelId }]);
}
