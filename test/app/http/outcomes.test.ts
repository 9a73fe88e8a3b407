import { outcomeEvent, outcomeEventSchema } from '../../../src/migration';
import type { Claim, OutcomeReceipt, StoredOutcome, WindowContent } from '../../../src/migration';
import type { CoverageReport } from '../../../src/app/http/outcomes.controller';
import { ServiceLab } from './service-lab';

describe('claims and outcomes over HTTP', () => {
  const lab = new ServiceLab();

  beforeAll(() => lab.start({ vms: 12, days: 4 }), 180_000);

  afterAll(() => lab.stop(), 60_000);

  const post = async (path: string, body: unknown, token?: string) => {
    const answer = await lab.ask(path, { method: 'POST', body: JSON.stringify(body), token });
    return { status: answer.status, body: answer.body as never };
  };
  const contentOf = async (vmId: string) =>
    (await lab.ask(`/v1/vms/${vmId}/windows`)).body as unknown as WindowContent;
  /** A window that is open now: an operator pins one a second ahead. */
  const openWindow = async (vmId: string): Promise<WindowContent> => {
    const notBeforeMs = Date.now() + 1_000;
    const body = JSON.stringify({ state: 'pinned', reason: 'test', notBeforeMs });
    const put = await lab.ask(`/v1/vms/${vmId}/policy`, { method: 'PUT', body });
    expect(put.status).toBe(200);
    await new Promise((done) => setTimeout(done, 1_010));
    return contentOf(vmId);
  };

  it('goes from window to claim to start to outcome, each once', async () => {
    const content = await openWindow('vm-000001');
    const path = `/v1/windows/${content.id}/claim`;
    const asked = { vmId: 'vm-000001', executor: 'e-1', leaseMs: 30_000 };
    const rivals = await Promise.all(
      ['e-1', 'e-2', 'e-3', 'e-4'].map((executor) => post(path, { ...asked, executor })),
    );
    expect(rivals.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201, 409, 409, 409,
    ]);
    const claim = rivals.find(({ status }) => status === 201)?.body as unknown as Claim;
    const named = { vmId: 'vm-000001', token: claim.token };
    expect(await post(`${path}/renew`, { ...named, leaseMs: 60_000 })).toMatchObject({
      status: 200,
      body: { state: 'held', serverMs: expect.any(Number) },
    });
    expect((await post(`${path}/start`, named)).body).toMatchObject({ state: 'started' });
    const again = await post(`${path}/start`, named);
    expect(again).toMatchObject({ status: 409, body: { code: 'WINDOW_STARTED' } });
    const { cost } = content.windows[0];
    const outcome = {
      windowId: content.id,
      vmId: 'vm-000001',
      executor: claim.executor,
      kind: 'qemu',
      claimToken: claim.token,
      status: 'completed',
      startedAtMs: Date.now(),
      totalTimeMs: cost.totalTimeMs.p50,
      downtimeMs: null,
    };
    const first = (await post('/v1/outcomes', outcome)).body as OutcomeReceipt;
    expect(first).toMatchObject({
      kept: 'new',
      learned: true,
      unknown: ['downtimeMs', 'bytesSent'],
      flags: [],
    });
    expect((await post('/v1/outcomes', outcome)).body).toMatchObject({
      kept: 'again',
      id: first.id,
    });
    const other = { ...outcome, id: first.id, status: 'failed' };
    expect(await post('/v1/outcomes', other)).toMatchObject({
      status: 409,
      body: { code: 'OUTCOME_CONFLICT' },
    });
    const kept = (await lab.ask(`/v1/outcomes/${first.id}`)).body as unknown as StoredOutcome;
    expect('downtimeMs' in kept.outcome).toBe(false);
    const list = (await lab.ask('/v1/outcomes?vm=vm-000001')).body;
    expect([list.items.length, list.next]).toEqual([1, kept.position]);
  }, 60_000);

  it('says what is wrong with an outcome, and keeps what is not', async () => {
    const outcome = {
      windowId: 'f'.repeat(32),
      vmId: 'vm-000002',
      executor: 'e',
      kind: 'nova',
      status: 'completed',
      startedAtMs: Date.now(),
      totalTimeMs: 12,
    };
    expect((await post('/v1/outcomes', { items: [outcome] })).body).toMatchObject({
      items: [{ kept: 'new', learned: false, flags: ['window-unknown'] }],
    });
    const wrong = await post('/v1/outcomes', { ...outcome, downtime_ms: 3 });
    expect(wrong).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
    const negative = await post('/v1/outcomes', { ...outcome, totalTimeMs: -1 });
    expect(negative).toMatchObject({
      body: { detail: expect.stringContaining('totalTimeMs is -1') },
    });
    const content = await openWindow('vm-000002');
    const seconds = content.windows[0].cost.totalTimeMs.p50 / 1_000;
    const unit = await post('/v1/outcomes', {
      ...outcome,
      windowId: content.id,
      startedAtMs: Date.now() + 5,
      totalTimeMs: seconds,
    });
    expect(unit.body).toMatchObject({ flags: ['unit-error'], learned: false });
    expect((await lab.ask('/v1/outcomes/none')).body.code).toBe('NOT_FOUND');
    expect((await lab.ask('/v1/outcomes/schema')).body).toMatchObject({ title: 'lm.outcomes.v1' });
  });

  it('tells by night how right predictions were; what is not learned from does not count', async () => {
    const content = await openWindow('vm-000003');
    const { p50, p95 } = content.windows[0].cost.totalTimeMs;
    const outcome = {
      windowId: content.id,
      vmId: 'vm-000003',
      executor: 'e',
      kind: 'qemu',
      status: 'completed',
      startedAtMs: Math.max(Date.now(), content.windows[0].notBeforeMs),
      totalTimeMs: (p50 + p95) / 2,
    };
    const before = (await lab.ask('/v1/outcomes/coverage')).body as unknown as CoverageReport;
    expect((await post('/v1/outcomes', outcome)).body).toMatchObject({ learned: true });
    const after = (await lab.ask('/v1/outcomes/coverage')).body as unknown as CoverageReport;
    const judged = (report: CoverageReport): number => report.all[0].judged;
    expect(judged(after)).toBe(judged(before) + 1);
    const nights = after.nights.map(({ migrations }) => migrations);
    expect(nights.reduce((sum, one) => sum + one, 0)).toBe(judged(after));
    expect(after.drift).toEqual([]);
    expect((await lab.ask('/v1/outcomes/coverage?days=0')).body.code).toBe('REQUEST_INVALID');
  });

  it('learns costs: the next night says what this VM’s migrations took', async () => {
    const content = await openWindow('vm-000004');
    const [{ cost, notBeforeMs, advice }] = content.windows;
    const outcome = {
      windowId: content.id,
      vmId: 'vm-000004',
      executor: 'e',
      kind: 'qemu',
      mode: advice.mode,
      status: 'completed',
      startedAtMs: Math.max(Date.now(), notBeforeMs),
      totalTimeMs: 4 * cost.totalTimeMs.p50,
      downtimeMs: 2 * cost.downtimeMs.p50,
      bytesSent: 2 * cost.bytesSent.p50,
    };
    expect((await post('/v1/outcomes', outcome)).body).toMatchObject({ learned: true });
    const { body } = await lab.ask('/v1/runs', { method: 'POST', body: '{"again":true}' });
    await lab.ask(`/v1/runs/${body.runId}/events`);
    const next = await contentOf('vm-000004');
    expect(next.day?.cost.dirtySource).toBe('vm');
    expect(next.day?.cost.totalTimeMs.p50).toBeGreaterThan(1.5 * cost.totalTimeMs.p50);
    const other = await contentOf('vm-000005');
    expect(other.windows[0].cost.dirtySource).toBe('prior');
    const report = (await lab.ask('/v1/outcomes/coverage')).body as unknown as CoverageReport;
    expect(report.corrections).toContainEqual(
      expect.objectContaining({ mode: advice.mode, measure: 'totalTimeMs', benched: false }),
    );
  }, 60_000);

  it('tells outcomes as the events that Kafka carries, in pages and as a stream', async () => {
    const stored = (await lab.ask('/v1/outcomes')).body.items as unknown as StoredOutcome[];
    const texts = stored.map((one) => outcomeEvent('default', one));
    const { text } = await lab.ask('/v1/feed/outcomes?since=0&limit=1000');
    for (const event of texts) {
      expect(text).toContain(`"id":"${event.id}","document":${event.text}`);
      expect(outcomeEventSchema.parse(JSON.parse(event.text)).eventId).toBe(event.id);
    }
    const after = stored[0].position;
    const rest = await lab.ask(`/v1/feed/outcomes?since=${after}`);
    expect(rest.body.items).toHaveLength(stored.length - 1);
    const response = await fetch(`${lab.system.url}/v1/feed/outcomes`, {
      headers: {
        authorization: `Bearer ${lab.system.operatorToken}`,
        accept: 'text/event-stream',
        'last-event-id': String(after),
      },
    });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let read = '';
    while (!read.includes(texts.at(-1)!.text)) read += (await reader.read()).value ?? '';
    await reader.cancel();
    expect(read).toContain(`id: ${stored[1].position}\nevent: lm.outcomes.v1\ndata: `);
    expect(read).not.toContain(texts[0].text);
  });

  it('needs the scopes of an executor', async () => {
    const reader = await lab.tokenWith('read');
    for (const path of ['/v1/outcomes', '/v1/windows/x/claim', '/v1/windows/x/claim/start']) {
      expect((await post(path, {}, reader)).body).toMatchObject({ code: 'TOKEN_INSUFFICIENT' });
    }
    const executor = await lab.tokenWith('windows:claim', 'outcomes:write');
    const claim = { vmId: 'nobody', executor: 'e' };
    expect((await post('/v1/windows/x/claim', claim, executor)).body).toMatchObject({
      code: 'WINDOW_UNKNOWN',
    });
  });
});
