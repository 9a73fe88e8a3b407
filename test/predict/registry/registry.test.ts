import { parquetReadObjects } from 'hyparquet';
import { choiceBlocks, createForecaster } from '../../../src/models';
import {
  championBefore,
  getArtefact,
  promoteModel,
  putArtefact,
  rollbackModel,
  trainVersions,
  type AliasMove,
  type ModelCard,
  type ModelVersion,
} from '../../../src/predict';
import { copyOf, DAY_MS, END_MS, registryLab, type RegistryLab } from './registry-lab';

async function trained(lab: RegistryLab, seed = 1, promote = false) {
  const [one] = await trainVersions({ ...lab.request, seed, promote }, lab);
  return one;
}

const move = (modelId: string, lab: RegistryLab) => ({ ...lab.request, modelId });

async function aliasesOf(lab: RegistryLab): Promise<Record<string, string>> {
  const places = await lab.registry.aliases('North');
  return Object.fromEntries(places.map((one) => [one.alias, one.modelId]));
}

describe('a training into the registry', () => {
  const lab = registryLab();
  let version: ModelVersion;

  beforeAll(async () => {
    version = (await trained(lab)).version;
  });

  it('keeps the data span, the seed, the code, and two artefacts whose bytes are checked', async () => {
    expect(version).toMatchObject({
      name: 'boosted',
      stepSec: 3_600,
      horizon: 168,
      seed: 1,
      series: 6,
      fromMs: END_MS - 28 * DAY_MS,
      untilMs: END_MS,
      codeVersion: '0.1.0',
      createdMs: END_MS,
    });
    expect(version.artefacts.map(({ purpose, untilMs }) => [purpose, untilMs])).toEqual([
      ['forecast', END_MS],
      ['judge', END_MS - 14 * DAY_MS],
    ]);
    for (const artefact of version.artefacts) {
      expect(await getArtefact(lab.objects, artefact)).toHaveLength(artefact.bytes);
    }
    expect(await lab.registry.versions('North', { limit: 9 })).toEqual([version]);
    expect(await aliasesOf(lab)).toEqual({ challenger: version.modelId });
  });

  it('is the same version when data, seed, and code are the same, another with another seed', async () => {
    const again = registryLab();
    const first = await trained(again, 1, true);
    expect(first).toMatchObject({ version, promoted: true, verdict: { open: true } });
    expect(await aliasesOf(again)).toEqual({ champion: version.modelId });
    const second = await trained(again, 2);
    expect(second.version.modelId).not.toBe(version.modelId);
    expect(second.verdict.against).toBe(version.modelId);
    expect(await aliasesOf(again)).toEqual({
      champion: version.modelId,
      challenger: second.version.modelId,
    });
  });

  it('measures nights that the model had not learned, beside the baselines, by class and leads', async () => {
    expect(version.metrics).toMatchObject({
      firstOriginMs: END_MS - 14 * DAY_MS,
      lastOriginMs: END_MS - DAY_MS,
      origins: 14,
      vms: 6,
    });
    const [own, ...baselines] = version.metrics.models;
    expect(own.model).toBe('boosted');
    expect(baselines.map((one) => one.model)).toContain('seasonal-naive');
    expect(baselines.find((one) => one.model === 'seasonal-naive')?.relative).toBe(1);
    expect(own.relative).toBeLessThan(1);
    const bytes = await getArtefact(lab.objects, version.card);
    const card = JSON.parse(Buffer.from(bytes).toString()) as ModelCard;
    expect(card.measuredWith).toEqual({ purpose: 'judge', untilMs: END_MS - 14 * DAY_MS });
    expect(card.classes.map(({ name, vms }) => [name, vms])).toEqual([
      ['all', 6],
      ['middle', 6],
    ]);
    const blocks = card.classes[0].blocks.map(({ from, to }) => ({ from, to }));
    expect(blocks).toEqual([...choiceBlocks(24, 24), { from: 1, to: 24 }]);
    expect(card.classes[0].blocks.at(-1)?.models).toEqual(version.metrics.models);
    const text = Buffer.from(await getArtefact(lab.objects, version.cardText)).toString();
    expect(text).toContain(`Version \`${version.modelId}\``);
    expect(text).toMatch(/\| 1 to 24 \| boosted \| \d\.\d{3} \|/);
  });

  it('keeps the errors of each VM as Parquet, which add up to the metrics', async () => {
    const bytes = await getArtefact(lab.objects, version.errors);
    const file = Uint8Array.from(bytes).buffer;
    const rows = (await parquetReadObjects({ file })) as Record<string, number | string>[];
    const own = rows.filter((row) => row.model === 'boosted');
    expect(own).toHaveLength(6 * choiceBlocks(24, 24).length);
    expect(own[0]).toMatchObject({ vm_id: 'vm-0', class: 'middle', lead_from: 1, actuals: 14 });
    const total = own.reduce((sum, row) => sum + Number(row.actuals), 0);
    const mean = own.reduce((sum, r) => sum + Number(r.actuals) * Number(r.mae_pct), 0) / total;
    expect(mean).toBeCloseTo(version.metrics.models[0].maePct, 4);
  });

  it('refuses 20 days of history, and a model that learns from no fleet', async () => {
    const young = registryLab(20);
    await expect(trained(young)).rejects.toMatchObject({
      code: 'SERIES_TOO_SHORT',
      message: '20 days of history; 25 are needed to train models and to measure them',
    });
    await expect(trainVersions({ ...lab.request, names: ['arima'] }, lab)).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN',
    });
  });
});

describe('the gate', () => {
  const lent = registryLab();
  let [a, b]: ModelVersion[] = [];
  let lab: RegistryLab;

  beforeAll(async () => {
    a = (await trained(lent, 1)).version;
    b = (await trained(lent, 2)).version;
  });

  beforeEach(async () => {
    lab = await copyOf(lent);
  });

  const challenge = (toId: string) =>
    lab.registry.move('North', [
      { ...promotion(undefined, toId), alias: 'challenger', kind: 'train' },
    ]);

  it('lets a version that beats the best baseline be the first champion, once', async () => {
    await challenge(a.modelId);
    const verdict = await promoteModel({ ...move(a.modelId, lab), why: 'first' }, lab);
    expect(verdict).toMatchObject({ open: true, origins: 14, vms: 6 });
    expect(verdict.ratio).toBeLessThan(1);
    expect(await aliasesOf(lab)).toEqual({ champion: a.modelId });
    const moves = await lab.registry.moves('North', a);
    expect(moves.slice(1)).toMatchObject([
      { kind: 'promote', alias: 'champion', toId: a.modelId, who: 'test', why: 'first' },
      { kind: 'promote', alias: 'challenger', fromId: a.modelId },
    ]);
    expect(moves[1].gate).toEqual(verdict);
    await expect(promoteModel(move(a.modelId, lab), lab)).rejects.toMatchObject({
      code: 'MODEL_CONFLICT',
      message: expect.stringContaining('is the champion of boosted-3600 already'),
    });
  });

  it('refuses a challenger that is worse than the champion, with what it measured', async () => {
    await promoteModel(move(a.modelId, lab), lab);
    const worse = await withOtherJudge(lab, a);
    await expect(promoteModel(move(worse.modelId, lab), lab)).rejects.toMatchObject({
      code: 'MODEL_GATE_CLOSED',
      message: expect.stringMatching(
        new RegExp(`loss over a day is \\d+\\.\\d{3} times that of '${a.modelId}'`),
      ),
      details: { verdict: { open: false, against: a.modelId } },
    });
    expect(await aliasesOf(lab)).toEqual({ champion: a.modelId });
  });

  it('refuses a first champion that is worse than the best baseline', async () => {
    const worse = await withOtherJudge(lab, a);
    await expect(promoteModel(move(worse.modelId, lab), lab)).rejects.toMatchObject({
      code: 'MODEL_GATE_CLOSED',
    });
  });

  it('refuses a version that has learned every night it could be measured by', async () => {
    const [forecast] = a.artefacts;
    const version = { ...a, modelId: 'e'.repeat(32), artefacts: [forecast] };
    await lab.registry.add('North', version);
    await expect(promoteModel(move(version.modelId, lab), lab)).rejects.toMatchObject({
      code: 'MODEL_GATE_CLOSED',
      message: expect.stringContaining('has learned the nights since 2026-11-10T00:00:00Z'),
    });
  });

  it('lets one of two promotions at the same time win', async () => {
    const both = await Promise.allSettled([
      promoteModel(move(a.modelId, lab), lab),
      promoteModel(move(b.modelId, lab), lab),
    ]);
    expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(both.find((one) => one.status === 'rejected')).toMatchObject({
      reason: { code: 'MODEL_CONFLICT' },
    });
  });

  it.each([
    ['missing', undefined, 'OBJECT_STORE_UNAVAILABLE'],
    ['with a flipped bit', 1, 'MODEL_STATE_INVALID'],
  ])('refuses a version whose file is %s, by its name', async (_, bit, code) => {
    const [{ key }] = a.artefacts;
    await damage(lab, key, bit);
    await expect(promoteModel(move(a.modelId, lab), lab)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(key),
    });
    expect(await aliasesOf(lab)).toEqual({});
  });

  it('goes by the baselines where the champion itself cannot be read any more', async () => {
    await promoteModel(move(a.modelId, lab), lab);
    for (const { key } of a.artefacts) await damage(lab, key, 1);
    const verdict = await promoteModel(move(b.modelId, lab), lab);
    expect(verdict.championUnusable).toContain('it was cut or changed');
    expect(await aliasesOf(lab)).toEqual({ champion: b.modelId });
  });

  it('refuses an unknown version', async () => {
    const unknown = { code: 'MODEL_VERSION_UNKNOWN' };
    await expect(promoteModel(move('f'.repeat(32), lab), lab)).rejects.toMatchObject(unknown);
    await expect(rollbackModel(move('f'.repeat(32), lab), lab)).rejects.toMatchObject(unknown);
  });

  it('is not asked on the way back: one call to the champion before, then to none', async () => {
    await lab.registry.move('North', [promotion(undefined, a.modelId)]);
    await lab.registry.move('North', [promotion(a.modelId, b.modelId)]);
    expect(await rollbackModel(move(b.modelId, lab), lab)).toEqual({ championId: a.modelId });
    await expect(rollbackModel(move(b.modelId, lab), lab)).rejects.toMatchObject({
      code: 'MODEL_CONFLICT',
    });
    expect(await rollbackModel(move(a.modelId, lab), lab)).toEqual({ championId: undefined });
    expect(await aliasesOf(lab)).toEqual({});
  });

  it('counts promotions and rollbacks as a stack', () => {
    const stack = [promotion(undefined, 'a'), promotion('a', 'b'), promotion('b', 'c')];
    const back: AliasMove = { ...promotion('c', 'b'), kind: 'rollback' };
    expect(championBefore(stack)).toBe('b');
    expect(championBefore([...stack, back])).toBe('a');
    expect(championBefore([...stack, back, promotion('b', 'd')])).toBe('b');
    expect(championBefore([])).toBeUndefined();
  });
});

function promotion(fromId: string | undefined, toId: string): AliasMove {
  const about = { name: 'boosted', stepSec: 3_600, alias: 'champion', kind: 'promote' } as const;
  return { ...about, fromId, toId, who: 'test', why: '', atMs: 1 };
}

async function damage(lab: RegistryLab, key: string, bit: number | undefined): Promise<void> {
  if (bit === undefined) return lab.objects.delete(key);
  const bytes = await lab.objects.get(key);
  bytes[bytes.length >> 1] ^= bit;
  return lab.objects.put(key, bytes);
}

/** A version that judges by a model of another fleet, of 14 days without its rhythm. */
async function withOtherJudge(lab: RegistryLab, like: ModelVersion): Promise<ModelVersion> {
  const { kernels } = lab.request;
  const length = 28 * 24;
  const values = Float64Array.from({ length: 6 * length }, (_, at) => 50 + 50 * Math.sin(at * at));
  const noise = { startMs: 0, stepMs: 3_600_000, seriesCount: 6, length, values };
  const other = createForecaster('boosted', {
    kernels,
    stepsPerDay: 24,
    horizon: 168,
    rowsMax: 2_000,
  });
  const fitted = await other.fit(noise, { end: length, seasonLength: 24, seed: 1 });
  const modelId = 'd'.repeat(32);
  const stored = await putArtefact(lab.objects, `models/${modelId}/judge.model`, fitted.save());
  const [forecast, judge] = like.artefacts;
  const version = { ...like, modelId, artefacts: [forecast, { ...judge, ...stored }] };
  await lab.registry.add('North', version);
  return version;
}
