import type { WindowCheck, WindowContent } from '../../../src/migration';
import { ServiceLab } from './service-lab';

// Ten minutes after the end of the fleet's samples: they are still fresh.
const NOW_MS = Date.parse('2026-10-20T03:10:00Z');
const MINUTE_MS = 60_000;

describe('the check of windows over HTTP', () => {
  const lab = new ServiceLab();

  beforeAll(() => lab.start({ vms: 60, days: 4 }, NOW_MS), 180_000);

  afterAll(() => lab.stop(), 60_000);

  const check = (windowId: string, body: object) =>
    lab.ask(`/v1/windows/${windowId}/check`, { method: 'POST', body: JSON.stringify(body) });
  const contents = (): Promise<readonly WindowContent[]> =>
    Promise.all(
      Array.from({ length: 60 }, async (_, vm) => {
        const path = `/v1/vms/vm-${String(vm).padStart(6, '0')}/windows`;
        return (await lab.ask(path)).body as unknown as WindowContent;
      }),
    );

  it('looks at the samples of the last minutes; a second answer is the same or superseded', async () => {
    let checked = 0;
    for (const { id, vmId, windows } of await contents()) {
      const soon = windows.find(
        ({ notBeforeMs, latestStartMs }) =>
          notBeforeMs < NOW_MS + 14 * MINUTE_MS && latestStartMs > NOW_MS + 4 * MINUTE_MS,
      );
      if (soon === undefined) continue;
      const answer = await check(id, { vmId, rank: soon.rank });
      const told = answer.body as unknown as WindowCheck;
      expect([answer.status, told.checked]).toEqual([200, true]);
      expect(told.freshLoadPct).toBeGreaterThanOrEqual(0);
      const again = await check(id, { vmId, rank: soon.rank });
      if (told.decision === 'confirmed') expect(again.body).toEqual(told);
      else expect(again.body.code).toBe('WINDOW_SUPERSEDED');
      checked += 1;
    }
    expect(checked).toBeGreaterThan(0);
  });

  it('names what is wrong: too early, unknown, and without the scope', async () => {
    const found = (await contents()).find(
      ({ windows }) => windows.length > 0 && windows[0].notBeforeMs > NOW_MS + 60 * MINUTE_MS,
    ) as WindowContent;
    const early = await check(found.id, { vmId: found.vmId });
    expect([early.status, early.body.code]).toEqual([409, 'WINDOW_EXPIRED']);
    expect(early.body.detail).toContain('it can be checked from');
    expect((await check(found.id, { vmId: 'nobody' })).body.code).toBe('VM_UNKNOWN');
    expect((await check('x', { vmId: found.vmId })).body.code).toBe('WINDOW_SUPERSEDED');
    expect((await check(found.id, { vmId: found.vmId, rank: 0 })).body.code).toBe(
      'REQUEST_INVALID',
    );
    const token = await lab.tokenWith('read');
    const body = JSON.stringify({ vmId: found.vmId });
    const refused = await lab.ask(`/v1/windows/${found.id}/check`, { method: 'POST', body, token });
    expect(refused.status).toBe(403);
  });
});
