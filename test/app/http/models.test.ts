import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { hashOfToken, operatorTokenPath } from '../../../src/app/auth/operator-token';
import { registerModels } from '../../../src/app/commands/models';
import { registerTrain } from '../../../src/app/commands/train';
import type { ModelCard, ModelVersion, RunPlan } from '../../../src/predict';
import { ServiceLab, type Answer } from './service-lab';

interface Models {
  readonly items: readonly (ModelVersion & { readonly aliases: readonly string[] })[];
}

// A Monday morning: on some other days this small fleet's booster is no better than its baselines.
const NOW_MS = Date.parse('2026-10-19T03:10:00Z');

describe('the registry of a service', () => {
  const lab = new ServiceLab();

  beforeAll(() => lab.start({ vms: 12, days: 28 }, NOW_MS), 240_000);

  afterAll(() => lab.stop(), 60_000);

  const post = (path: string, body: object, token?: string): Promise<Answer> =>
    lab.ask(path, { method: 'POST', body: JSON.stringify(body), token });

  const models = async (): Promise<Models['items']> =>
    ((await lab.ask('/v1/models')).body as unknown as Models).items;

  /** What the command printed to stdout. */
  async function cli(...args: string[]): Promise<string> {
    const program = new Command('slackwater').exitOverride();
    registerModels(program);
    registerTrain(program);
    let printed = '';
    const write = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    const quiet = jest.spyOn(process.stderr, 'write').mockImplementation(() => true);
    try {
      const service = ['--url', lab.system.url, '--token-file', operatorTokenPath(lab.dataDir)];
      await program.parseAsync([...args, ...service], { from: 'user' });
    } finally {
      write.mockRestore();
      quiet.mockRestore();
    }
    return printed;
  }

  /** The plan of a new attempt, when it is published. */
  async function night(): Promise<RunPlan> {
    const { runId } = (await post('/v1/runs', { again: true })).body;
    for (;;) {
      const run = await lab.system.ports.ledger.run(runId);
      if (run?.status === 'failed') throw new Error(run.failure);
      if (run?.status === 'published') return run.plan;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  it('wants models:write for what changes something, and read for what does not', async () => {
    const reader = await lab.tokenWith('read');
    const id = 'a'.repeat(32);
    const changes = ['/v1/trainings', `/v1/models/${id}/promote`, `/v1/models/${id}/rollback`];
    for (const path of changes) {
      const { status, body } = await post(path, { why: 'x' }, reader);
      expect([status, body.detail]).toEqual([403, "the token has no scope 'models:write'"]);
    }
    const other = await lab.tokenWith('feed:read');
    for (const path of ['/v1/models', `/v1/models/${id}`, '/v1/trainings']) {
      expect((await lab.ask(path, { token: reader })).status).not.toBe(403);
      expect((await lab.ask(path, { token: other })).status).toBe(403);
    }
  });

  it('is empty at first, and its nights have no model of the fleet', async () => {
    expect(await models()).toEqual([]);
    const plan = (await lab.system.ports.ledger.published('default'))?.plan;
    expect(plan?.hourlyModels).not.toContain('boosted');
    expect(plan?.champions).toBeUndefined();
  });

  it('trains on its own history when it is asked to; the version is the challenger', async () => {
    const order = JSON.parse(
      await cli('train', '--model', 'boosted', '--step', '3600', '-o', 'json'),
    ) as { results: object[] };
    expect(order).toMatchObject({ state: 'done', attempts: 1, seed: 1, promote: false });
    expect(order.results).toMatchObject([{ name: 'boosted', stepSec: 3_600, promoted: false }]);
    expect(await models()).toMatchObject([
      { name: 'boosted', aliases: ['challenger'], series: 12, horizon: 168 },
    ]);
    const table = (await cli('models', 'list')).trimEnd().split('\n');
    expect(table[1]).toMatch(/^boosted-3600 +challenger +\d{4}-/);
  }, 120_000);

  it('refuses a training of an unknown model, of a strange step, and of files without a folder', async () => {
    const unknown = await post('/v1/trainings', { models: ['arima'] });
    expect([unknown.status, unknown.body.code]).toEqual([422, 'MODEL_UNKNOWN']);
    expect((await post('/v1/trainings', { steps: [60] })).body.code).toBe('REQUEST_INVALID');
    await expect(cli('train', '--out', 'x')).rejects.toThrow('--out is accepted with --data only');
    await expect(cli('train', '--data', 'x.csv')).rejects.toThrow('--data trains on files');
  });

  it('gives out the card as JSON and Markdown, and the errors of each VM as Parquet', async () => {
    const [{ modelId }] = await models();
    const told = (await lab.ask('/v1/models/boosted-3600@challenger')).body as unknown as {
      modelCard: ModelCard;
      moves: object[];
    };
    expect(told.modelCard).toMatchObject({ modelId, measured: { origins: 14, vms: 12 } });
    expect(told.moves).toMatchObject([{ alias: 'challenger', kind: 'train', toId: modelId }]);
    const card = await lab.ask(`/v1/models/${modelId}/card`);
    expect([card.type, card.text.split('\n')[0]]).toEqual([
      'text/markdown; charset=utf-8',
      '# Model boosted, step 3600 s',
    ]);
    const errors = await lab.ask(`/v1/models/${modelId}/errors`);
    expect([errors.type, errors.text.slice(0, 4)]).toEqual([
      'application/vnd.apache.parquet',
      'PAR1',
    ]);
    expect(await cli('models', 'show', modelId)).toMatch(/## Limits\n[^]*\nat +alias +move/);
  });

  it('promotes through the gate, once, and the next night forecasts with the champion', async () => {
    const [{ modelId }] = await models();
    expect(await cli('models', 'promote', 'boosted-3600@challenger', '--why', 'the first')).toMatch(
      new RegExp(
        `^boosted-3600: ${modelId} is the champion, 0\\.\\d+ of the loss of [a-z-]+ over 14`,
      ),
    );
    const twice = await post(`/v1/models/${modelId}/promote`, { why: 'again' });
    expect([twice.status, twice.body.code]).toEqual([409, 'MODEL_CONFLICT']);
    const plan = await night();
    expect(plan.champions).toEqual([{ name: 'boosted', stepSec: 3_600, modelId }]);
    expect(plan.hourlyModels.at(-1)).toBe('boosted');
    expect(plan.fiveMinuteModels).not.toContain('boosted');
  });

  it('goes on without a champion whose file was changed, and says so', async () => {
    const [{ modelId, artefacts }] = await models();
    const path = join(lab.dataDir, 'objects', artefacts[0].key);
    const whole = readFileSync(path);
    const flipped = Buffer.from(whole);
    flipped[flipped.length >> 1] ^= 1;
    writeFileSync(path, flipped);
    const plan = await night();
    expect(plan.hourlyModels).not.toContain('boosted');
    expect(plan.champions).toBeUndefined();
    expect(plan.leftOut).toEqual([
      {
        name: 'boosted',
        stepSec: 3_600,
        modelId,
        reason: expect.stringMatching(/forecast\.model' .* it was cut or changed/),
      },
    ]);
    writeFileSync(path, whole);
    expect((await night()).leftOut).toBeUndefined();
  });

  it('names an unknown version and an alias that stands nowhere', async () => {
    const unknown = await lab.ask(`/v1/models/${'f'.repeat(32)}`);
    expect([unknown.status, unknown.body.code]).toEqual([404, 'MODEL_VERSION_UNKNOWN']);
    const nowhere = await lab.ask('/v1/models/lstm-3600@champion');
    expect([nowhere.status, nowhere.body.detail]).toEqual([404, 'lstm-3600 has no champion']);
    const nameless = await post('/v1/models/boosted-3600@champion/promote', {});
    expect([nameless.status, nameless.body.detail]).toEqual([
      400,
      expect.stringContaining('why is absent'),
    ]);
  });

  it('shows another tenant nothing of it', async () => {
    const [{ modelId }] = await models();
    await lab.system.tenants.ensure({ tenantId: 'other', timeZone: 'UTC' });
    const token = 'token-of-the-other-tenant-padding';
    const about = { tenantId: 'other', label: 'o', scopes: ['admin'] as const, createdMs: 1 };
    await lab.system.tokens.add({ ...about, hash: hashOfToken(token) });
    expect((await lab.ask('/v1/models', { token })).body.items).toEqual([]);
    expect((await lab.ask('/v1/trainings', { token })).body.items).toEqual([]);
    for (const path of [modelId, 'boosted-3600@champion']) {
      expect((await lab.ask(`/v1/models/${path}`, { token })).status).toBe(404);
      expect((await post(`/v1/models/${path}/promote`, { why: 'x' }, token)).status).toBe(404);
      expect((await post(`/v1/models/${path}/rollback`, { why: 'x' }, token)).status).toBe(404);
    }
  });

  it('goes back in one call, here to no champion, and the next night has none', async () => {
    const words = ['models', 'rollback', 'boosted-3600@champion', '--why', 'worse since Monday'];
    expect(await cli(...words)).toBe('boosted-3600: has no champion now\n');
    const plan = await night();
    expect([plan.champions, plan.hourlyModels.includes('boosted')]).toEqual([undefined, false]);
    const [{ modelId }] = await models();
    const { status, body } = await post(`/v1/models/${modelId}/rollback`, { why: 'x' });
    expect([status, body.code]).toEqual([409, 'MODEL_CONFLICT']);
    const { moves } = (await lab.ask(`/v1/models/${modelId}`)).body as unknown as {
      moves: object[];
    };
    expect(moves.at(-1)).toMatchObject({ kind: 'rollback', why: 'worse since Monday' });
  });
});
