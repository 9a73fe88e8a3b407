// What every ModelRegistry promises; stores know the tenants 'north' and 'south'.
import type { AliasMove, ModelRegistry, ModelVersion } from '../../src/predict';

const SLOT = { name: 'boosted', stepSec: 3_600 };
const [A, B, C] = ['a', 'b', 'c'].map((digit) => digit.repeat(32));

export function versionOf(modelId: string, createdMs: number, slot = SLOT): ModelVersion {
  const file = {
    key: `models/${modelId}`,
    bytes: 3,
    crc32c: 4_294_967_295,
    sha256: 'e'.repeat(64),
  };
  return {
    ...slot,
    modelId,
    horizon: 168,
    seed: 1,
    series: 12,
    fromMs: 0,
    untilMs: 100,
    codeVersion: '0.1.0',
    backend: 'native',
    isa: 'avx2',
    metrics: {
      firstOriginMs: 50,
      lastOriginMs: 90,
      origins: 14,
      vms: 12,
      models: [{ model: 'boosted', pinballPct: 0.9, maePct: 3.6, cover90: 0.89, relative: 0.7 }],
    },
    artefacts: [{ ...file, purpose: 'forecast', fromMs: 0, untilMs: 100 }],
    card: file,
    cardText: file,
    errors: file,
    createdMs,
  };
}

function moveOf(fromId: string | undefined, toId: string | undefined, atMs = 7): AliasMove {
  return {
    ...SLOT,
    alias: 'champion',
    kind: 'promote',
    ...(fromId !== undefined && { fromId }),
    ...(toId !== undefined && { toId }),
    who: 'operator',
    why: 'better by 2 %',
    atMs,
  };
}

export function modelRegistryConformance(name: string, open: () => Promise<ModelRegistry>): void {
  describe(`${name} as a ModelRegistry`, () => {
    let registry: ModelRegistry;
    beforeEach(async () => {
      registry = await open();
    });

    const withVersions = async (): Promise<void> => {
      await registry.add('north', versionOf(A, 10));
      await registry.add('north', versionOf(B, 20));
      await registry.add('north', versionOf(C, 20, { ...SLOT, stepSec: 300 }));
    };

    it('lists versions newest first, page by page, and finds one by its id', async () => {
      await withVersions();
      const ids = async (query: { limit: number; afterId?: string }) =>
        (await registry.versions('north', query)).map((one) => one.modelId);
      expect(await ids({ limit: 9 })).toEqual([C, B, A]);
      expect(await ids({ limit: 2 })).toEqual([C, B]);
      expect(await ids({ limit: 2, afterId: B })).toEqual([A]);
      expect(await ids({ limit: 2, afterId: 'none' })).toEqual([]);
      expect(await registry.versions('north', { limit: 1, modelId: A })).toEqual([
        versionOf(A, 10),
      ]);
      expect(await registry.versions('north', { limit: 1, modelId: 'none' })).toEqual([]);
    });

    it('keeps the first of two versions with one id', async () => {
      await registry.add('north', versionOf(A, 10));
      await registry.add('north', versionOf(A, 99));
      expect(await registry.versions('north', { limit: 9 })).toEqual([versionOf(A, 10)]);
    });

    it('moves an alias only from where it stands, and keeps every move', async () => {
      await withVersions();
      expect(await registry.aliases('north')).toEqual([]);
      const gate = { ratio: 0.98 };
      await registry.move('north', [moveOf(undefined, A, 1)]);
      await registry.move('north', [{ ...moveOf(A, B, 2), gate }]);
      await expect(registry.move('north', [moveOf(A, B, 3)])).rejects.toMatchObject({
        code: 'MODEL_CONFLICT',
        message: expect.stringContaining('champion of boosted-3600'),
      });
      await expect(registry.move('north', [moveOf(undefined, A)])).rejects.toMatchObject({
        code: 'MODEL_CONFLICT',
      });
      expect(await registry.aliases('north')).toEqual([{ ...SLOT, alias: 'champion', modelId: B }]);
      await registry.move('north', [{ ...moveOf(B, undefined, 4), kind: 'rollback' }]);
      expect(await registry.aliases('north')).toEqual([]);
      expect(await registry.moves('north', SLOT)).toEqual([
        moveOf(undefined, A, 1),
        { ...moveOf(A, B, 2), gate },
        { ...moveOf(B, undefined, 4), kind: 'rollback' },
      ]);
    });

    it('moves several aliases together or not at all', async () => {
      await withVersions();
      const challenger = { ...moveOf(undefined, B), alias: 'challenger' as const };
      const failing = registry.move('north', [challenger, moveOf(A, B)]);
      await expect(failing).rejects.toMatchObject({ code: 'MODEL_CONFLICT' });
      expect(await registry.aliases('north')).toEqual([]);
      expect(await registry.moves('north', SLOT)).toEqual([]);
      await registry.move('north', [challenger, moveOf(undefined, B)]);
      expect((await registry.aliases('north')).map((one) => one.alias)).toEqual([
        'challenger',
        'champion',
      ]);
    });

    it.each([
      ['that nobody has', 'f'.repeat(32)],
      ['of another slot', C],
    ])('refuses a move to a version %s', async (_, toId) => {
      await withVersions();
      await expect(registry.move('north', [moveOf(undefined, toId)])).rejects.toMatchObject({
        code: 'MODEL_VERSION_UNKNOWN',
        message: `model version '${toId}' of boosted-3600 is unknown`,
      });
      expect(await registry.aliases('north')).toEqual([]);
    });

    it.each([
      ['where it stood nowhere', undefined],
      ['from one version', A],
    ])('lets one of two moves at the same time win, %s', async (_, fromId) => {
      await withVersions();
      if (fromId !== undefined) await registry.move('north', [moveOf(undefined, fromId)]);
      const before = (await registry.moves('north', SLOT)).length;
      const both = await Promise.allSettled([
        registry.move('north', [moveOf(fromId, B)]),
        registry.move('north', [moveOf(fromId, B)]),
      ]);
      expect(both.map((one) => one.status).toSorted()).toEqual(['fulfilled', 'rejected']);
      expect(await registry.moves('north', SLOT)).toHaveLength(before + 1);
    });

    it('keeps tenants apart', async () => {
      await withVersions();
      await registry.move('north', [moveOf(undefined, A)]);
      expect(await registry.versions('south', { limit: 9 })).toEqual([]);
      expect(await registry.aliases('south')).toEqual([]);
      expect(await registry.moves('south', SLOT)).toEqual([]);
      await expect(registry.move('south', [moveOf(undefined, A)])).rejects.toMatchObject({
        code: 'MODEL_VERSION_UNKNOWN',
      });
    });
  });
}
