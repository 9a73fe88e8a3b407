// The champions in a night: found and checked when it is planned, loaded once in each process.
import type { FittedForecaster } from '../../models';
import type { Kernels } from '../../kernels';
import type { PlannedModel, RunPlan } from '../ledger';
import type { NightPorts } from '../night-ports';
import { FIVE_MINUTE, HOURLY, type Resolution } from '../night-settings';
import type { ModelPurpose } from '../train-models';
import { artefactOf, findVersion, loadModel } from './load-model';
import type { ModelVersion } from './model-registry';
import type { RegistryPorts } from './registry-ports';

/** What a run is told of the registry when it starts. */
export type ChampionPlan = Pick<RunPlan, 'champions' | 'leftOut'>;

const RESOLUTIONS: readonly Resolution[] = [HOURLY, FIVE_MINUTE];
const LOADED_MAX = 12; // three kinds at two steps, to forecast and to judge: a few MB each

export class ChampionModels {
  private readonly loaded = new Map<string, Promise<FittedForecaster>>();

  constructor(
    private readonly ports: Pick<RegistryPorts, 'registry' | 'objects'>,
    private readonly kernels: (backend: string, isa: string) => Kernels,
  ) {}

  /**
   * Champions that can be loaded, by name and step, and those that cannot, with the reason: a night goes on
   * without them. Nothing at all where there is no champion.
   */
  async plan(
    tenantId: string,
    { backend, isa }: Pick<RunPlan, 'backend' | 'isa'>,
  ): Promise<ChampionPlan> {
    const champions: PlannedModel[] = [];
    const leftOut: (PlannedModel & { readonly reason: string })[] = [];
    for (const place of await this.ports.registry.aliases(tenantId)) {
      if (place.alias !== 'champion') continue;
      const { name, stepSec, modelId } = place;
      const planned = { name, stepSec, modelId };
      try {
        const version = await findVersion(this.ports.registry, tenantId, modelId);
        refuseShorterHorizon(version);
        for (const { purpose } of version.artefacts) {
          this.loaded.delete(keyOf(modelId, purpose, backend, isa)); // the files as they are tonight
          await this.load(version, purpose, backend, isa);
        }
        champions.push(planned);
      } catch (error) {
        leftOut.push({
          ...planned,
          reason: error instanceof Error ? error.message : String(error),
        });
      }
    }
    return {
      ...(champions.length > 0 && { champions }),
      ...(leftOut.length > 0 && { leftOut }),
    };
  }

  /** As a night asks for it: undefined for a model that the run's plan does not name. */
  readonly fleetModel: NonNullable<NightPorts['fleetModel']> = async (
    { tenantId, plan },
    { stepMs },
    name,
    purpose,
  ) => {
    const isIt = (one: PlannedModel): boolean =>
      one.name === name && one.stepSec * 1_000 === stepMs;
    const planned = plan.champions?.find(isIt);
    if (planned === undefined) return undefined;
    const { backend, isa } = plan;
    const key = keyOf(planned.modelId, purpose, backend, isa);
    const known = this.loaded.get(key);
    if (known !== undefined) return known;
    const version = await findVersion(this.ports.registry, tenantId, planned.modelId);
    return this.load(version, purpose, backend, isa);
  };

  private load(
    version: ModelVersion,
    purpose: ModelPurpose,
    backend: string,
    isa: string,
  ): Promise<FittedForecaster> {
    const key = keyOf(version.modelId, purpose, backend, isa);
    const kernels = this.kernels(backend, isa);
    const artefact = artefactOf(version, purpose);
    const loading = loadModel(this.ports.objects, version, artefact, kernels);
    if (this.loaded.size >= LOADED_MAX) this.loaded.clear();
    this.loaded.set(key, loading);
    loading.catch(() => this.loaded.delete(key)); // the next asker tries again
    return loading;
  }
}

function keyOf(modelId: string, purpose: ModelPurpose, backend: string, isa: string): string {
  return [modelId, purpose, backend, isa].join(' ');
}

function refuseShorterHorizon({ stepSec, horizon }: ModelVersion): void {
  const resolution = RESOLUTIONS.find(({ stepMs }) => stepMs === stepSec * 1_000);
  if (resolution === undefined || horizon >= resolution.horizon) return;
  throw new RangeError(`it forecasts ${horizon} steps; a night needs ${resolution.horizon}`);
}

/** The champions' names by resolution, in the order of the plan: members after those that need no training. */
export function championNames(
  { champions = [] }: ChampionPlan,
  { stepMs }: Pick<Resolution, 'stepMs'>,
): readonly string[] {
  return champions.filter((one) => one.stepSec * 1_000 === stepMs).map((one) => one.name);
}
