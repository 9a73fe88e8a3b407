import {
  MemoryClaimStore,
  MemoryFeedStore,
  MemoryOutcomeStore,
  MemoryWindowStore,
} from '../../../src/adapters/embedded';
import {
  claimWindow,
  releaseClaim,
  renewClaim,
  reportOutcome,
  startClaim,
  windowDocumentOf,
  outcomeSchema,
  type Claim,
  type WindowContentDraft,
} from '../../../src/migration';
import { COST } from '../outcomes/outcome-cases';

const MINUTE = 60_000;
const OPENS = 100 * MINUTE;
const LEASE = 10_000;

function draft(revision: number, shiftMs = 0): WindowContentDraft {
  const loadPct = { mean: 5, p05: 1, p50: 4, p95: 9 };
  const window = (rank: number, notBeforeMs: number) => ({
    rank,
    notBeforeMs,
    latestStartMs: notBeforeMs + 20 * MINUTE,
    notAfterMs: notBeforeMs + 30 * MINUTE,
    loadPct,
    baselineLoadPct: 20,
    cost: COST,
    score: 5,
    confidence: 0.9,
    reasons: [],
    advice: { mode: 'pre-copy' as const, cause: '' },
  });
  return {
    tenant: 'north',
    runDate: '1970-01-01',
    vmId: 'v',
    revision,
    cutoffMs: 0,
    expiresMs: 1_440 * MINUTE,
    models: { fiveMinute: 'm', hourly: 'm' },
    policy: 'auto',
    windows: [window(1, OPENS + shiftMs), window(2, OPENS + shiftMs + 60 * MINUTE)],
  };
}

async function lab() {
  const windows = new MemoryWindowStore(new MemoryFeedStore());
  const ports = {
    windows,
    claims: new MemoryClaimStore(),
    outcomes: new MemoryOutcomeStore(),
    vmFacts: async () => ({ vcpus: 4, host: 'h-1' }),
  };
  const document = windowDocumentOf(draft(1));
  await windows.replace('north', document);
  const claim = (nowMs: number, executor = 'a', rank = 1, windowId = document.id) =>
    claimWindow(ports, 'north', { windowId, vmId: 'v', rank, executor, leaseMs: LEASE }, nowMs);
  const start = (held: Claim, nowMs: number) => startClaim(ports, 'north', held, nowMs);
  const report = (claimed: Claim, status: string, startedAtMs: number) =>
    reportOutcome(
      ports,
      'north',
      outcomeSchema.parse({
        windowId: claimed.windowId,
        rank: claimed.rank,
        vmId: 'v',
        executor: claimed.executor,
        kind: 'qemu',
        claimToken: claimed.token,
        status,
        startedAtMs,
      }),
      startedAtMs,
    );
  return { ports, document, claim, start, report };
}

describe('claims', () => {
  it('never let two executors share a VM, until a lease runs out or is given back', async () => {
    const { ports, claim } = await lab();
    const first = await claim(OPENS);
    await expect(claim(OPENS + 1, 'b')).rejects.toMatchObject({
      code: 'CLAIM_HELD',
      message: "VM 'v' is claimed by 'a' until 1970-01-01T01:40:10Z",
    });
    await expect(claim(OPENS + 1, 'b', 2)).rejects.toMatchObject({ code: 'CLAIM_HELD' });
    const second = await claim(OPENS + LEASE, 'b');
    expect(second.token).toBe(2);
    await releaseClaim(ports, 'north', second);
    await releaseClaim(ports, 'north', second);
    expect((await claim(OPENS + LEASE + 1, 'a')).token).toBe(3);
    await expect(renewClaim(ports, 'north', first, LEASE, OPENS)).rejects.toMatchObject({
      code: 'CLAIM_LOST',
      message: "claim 3 of VM 'v' took over",
    });
  });

  it('fence who was too slow: no start after the lease, none after another took over', async () => {
    const { claim, start, ports } = await lab();
    const slow = await claim(OPENS);
    await expect(start(slow, OPENS + LEASE)).rejects.toMatchObject({ code: 'CLAIM_LOST' });
    const longer = await renewClaim(ports, 'north', slow, 3 * LEASE, OPENS + 1);
    expect(longer.leaseUntilMs).toBe(OPENS + 1 + 3 * LEASE);
    expect((await start(longer, OPENS + LEASE)).state).toBe('started');
    await expect(start(longer, OPENS + LEASE)).rejects.toMatchObject({ code: 'WINDOW_STARTED' });
    await expect(releaseClaim(ports, 'north', longer)).rejects.toMatchObject({
      code: 'WINDOW_STARTED',
    });
  });

  it('are refused for another revision, rank, or moment, naming what is right', async () => {
    const { ports, claim, start, document } = await lab();
    await expect(claim(OPENS, 'a', 3)).rejects.toMatchObject({ code: 'WINDOW_UNKNOWN' });
    await expect(claim(OPENS + 20 * MINUTE)).rejects.toMatchObject({ code: 'WINDOW_EXPIRED' });
    const early = await claim(OPENS - 5_000);
    await expect(start(early, OPENS - 1)).rejects.toThrow('opens only at 1970-01-01T01:40:00Z');
    const newer = windowDocumentOf(draft(2, 5 * MINUTE));
    await ports.windows.replace('north', newer);
    await expect(start(early, OPENS)).rejects.toMatchObject({ code: 'WINDOW_SUPERSEDED' });
    await releaseClaim(ports, 'north', early);
    await expect(claim(OPENS, 'a', 1, document.id)).rejects.toMatchObject({
      code: 'WINDOW_SUPERSEDED',
      details: { current: newer.id },
    });
  });

  it('start a window once, whatever became of it, and under any later revision', async () => {
    const { ports, claim, start, report } = await lab();
    const held = await start(await claim(OPENS), OPENS);
    await report(held, 'failed', OPENS);
    await expect(claim(OPENS + LEASE)).rejects.toMatchObject({
      code: 'WINDOW_STARTED',
      message: expect.stringContaining('failed'),
    });
    const newer = windowDocumentOf(draft(2));
    await ports.windows.replace('north', newer);
    await expect(claim(OPENS + LEASE, 'b', 1, newer.id)).rejects.toMatchObject({
      code: 'WINDOW_STARTED',
    });
    expect(await claim(OPENS + LEASE, 'b', 2, newer.id)).toMatchObject({ token: 2, rank: 2 });
  });

  it.each(['completed', 'unknown'])(
    'end the night of a VM whose migration is %s',
    async (status) => {
      const { claim, start, report } = await lab();
      const held = await start(await claim(OPENS), OPENS);
      await report(held, status, OPENS);
      await expect(claim(OPENS + LEASE, 'b', 2)).rejects.toMatchObject({ code: 'WINDOW_STARTED' });
    },
  );

  it('hold a VM whose executor vanished after the start until the window is over, and the night', async () => {
    const { claim, start, report } = await lab();
    const held = await start(await claim(OPENS), OPENS);
    await expect(claim(OPENS + 29 * MINUTE, 'b', 2)).rejects.toMatchObject({ code: 'CLAIM_HELD' });
    await expect(claim(OPENS + 31 * MINUTE, 'b', 2)).rejects.toMatchObject({
      code: 'WINDOW_STARTED',
    });
    await report(held, 'unknown', OPENS);
    await report(held, 'failed', OPENS);
    expect(await claim(OPENS + 31 * MINUTE, 'b', 2)).toMatchObject({ token: 2 });
  });
});
