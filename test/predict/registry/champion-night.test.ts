import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryModelRegistry } from '../../../src/adapters/embedded';
import { ModelFolder, writeModels } from '../../../src/app/files/model-folder';
import type { MemoryNight } from '../../../src/app/files/memory-night';
import { memberNames } from '../../../src/models';
import {
  ChampionModels,
  championNames,
  FIVE_MINUTE,
  getArtefact,
  HOURLY,
  runNight,
  trainVersions,
  type ModelVersion,
  type NightPorts,
  type RunRequest,
  type RunSummary,
  type TrainedModel,
} from '../../../src/predict';
import { documentsOf, END_MS, ingestedNight, type NightLab } from '../night-lab';

const VMS = 3;

interface NightOutcome {
  readonly documents: readonly (string | undefined)[];
  /** How each member did on the last nights. */
  readonly errors: RunSummary['errors'];
}

async function outcomeOf(
  { night, request }: NightLab,
  fleetModel: NightPorts['fleetModel'],
  more: Pick<RunRequest, 'models' | 'registered'>,
): Promise<NightOutcome> {
  const ports = { ...night.ports, fleetModel };
  const options = { workers: 1, worker: { name: 'test' } };
  const run = await runNight({ ...request, ...more }, ports, options);
  const vmIds = await night.ledger.vmIds(run.runId, 0, VMS);
  const { errors } = run.summary as unknown as RunSummary;
  return { documents: await documentsOf(night, vmIds), errors };
}

/** The version's files as `train --out` would have written them. */
async function folderOf(version: ModelVersion, { objects, kernels }: MemoryNight) {
  const trained: TrainedModel[] = [];
  for (const artefact of version.artefacts) {
    const { name, stepSec, horizon, seed, series } = version;
    const { purpose, fromMs, untilMs } = artefact;
    const bytes = await getArtefact(objects, artefact);
    trained.push({ name, stepSec, horizon, seed, series, purpose, fromMs, untilMs, bytes });
  }
  const folder = mkdtempSync(join(tmpdir(), 'champion-'));
  await writeModels(folder, trained, kernels);
  return ModelFolder.open(folder, kernels);
}

describe('a night with a champion', () => {
  it('has the bytes of a night on files with the same model, and one member more than without', async () => {
    // Given a champion, and the same model in a folder.
    const lab = await ingestedNight(VMS, 28);
    const { kernels, objects, ports } = lab.night;
    const registry = new MemoryModelRegistry();
    const [{ version }] = await trainVersions(
      {
        tenantId: 'north',
        names: ['boosted'],
        stepSecs: [3_600],
        seed: 1,
        atMs: END_MS,
        who: 'test',
        why: 'a test',
        promote: false,
        kernels,
        codeVersion: '0',
        rowsMax: 2_000,
      },
      { ...ports, registry },
    );
    const { modelId, name, stepSec } = version;
    const told = { kind: 'promote', who: 'test', why: '', atMs: 0 } as const;
    await registry.move('north', [{ name, stepSec, alias: 'champion', toId: modelId, ...told }]);
    const folder = await folderOf(version, lab.night);

    // When nights run with either, and without.
    const champions = new ChampionModels({ registry, objects }, () => kernels);
    const registered = await champions.plan('north', lab.request);
    const hourly = [...memberNames(24), ...championNames(registered, HOURLY)];
    const fiveMinute = [...memberNames(288), ...championNames(registered, FIVE_MINUTE)];
    const models = { hourly, fiveMinute };
    const service = await outcomeOf(lab, champions.fleetModel, { models, registered });
    const onFiles = await ingestedNight(VMS, 28);
    const file = await outcomeOf(onFiles, folder.fleetModel, { models });
    const without = await outcomeOf(await ingestedNight(VMS, 28), undefined, {});

    // Then documents and errors are the same, and the champion was judged beside the other members.
    expect(registered.champions).toEqual([{ name, stepSec, modelId }]);
    expect(hourly.at(-1)).toBe('boosted');
    expect(service).toEqual(file);
    expect(service.documents).toHaveLength(VMS);
    const judged = ({ errors }: NightOutcome) =>
      errors.map((one) => `${one.resolution} ${one.model}`);
    expect(judged(service).filter((one) => one !== 'hourly boosted')).toEqual(judged(without));
    expect(judged(service)).toContain('hourly boosted');
  }, 300_000);
});
