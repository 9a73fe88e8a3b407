// What every RoleLeases promises.
import type { RoleLeases } from '../../src/predict';

/** `open` gives two views of the same new state, as of two processes. */
export function roleLeaseConformance(
  name: string,
  open: () => Promise<{
    readonly mine: RoleLeases;
    readonly theirs: RoleLeases;
    readonly close: () => Promise<void>;
  }>,
): void {
  describe(`${name} as RoleLeases`, () => {
    let mine: RoleLeases;
    let theirs: RoleLeases;
    let close: () => Promise<void>;
    beforeEach(async () => ({ mine, theirs, close } = await open()));
    afterEach(async () => close());

    it('gives a free role to the first who asks and to nobody else while the lease runs', async () => {
      expect(await mine.acquire('ingest', 'a', 1_000, 500)).toMatchObject({ generation: 1 });
      expect(await theirs.acquire('ingest', 'b', 1_499, 500)).toBeUndefined();
      expect(await theirs.acquire('relay', 'b', 1_499, 500)).toMatchObject({ generation: 1 });
    });

    it('gives the role away when the lease has run out, and fences the former holder', async () => {
      const first = await mine.acquire('ingest', 'a', 1_000, 500);
      const second = await theirs.acquire('ingest', 'b', 1_500, 500);
      expect(second).toEqual({ role: 'ingest', holder: 'b', generation: 2 });
      expect(await mine.renew(first!, 1_501, 500)).toBe(false);
      await mine.release(first!);
      expect(await theirs.renew(second!, 1_600, 500)).toBe(true);
    });

    it('keeps a role that is renewed', async () => {
      const held = await mine.acquire('scheduler', 'a', 1_000, 500);
      expect(await mine.renew(held!, 1_400, 500)).toBe(true);
      expect(await theirs.acquire('scheduler', 'b', 1_899, 500)).toBeUndefined();
    });

    it('gives a released role to the next at once, with a higher generation', async () => {
      const held = await mine.acquire('scheduler', 'a', 1_000, 500);
      await mine.release(held!);
      expect(await mine.renew(held!, 1_001, 500)).toBe(false);
      expect(await theirs.acquire('scheduler', 'b', 1_001, 500)).toMatchObject({ generation: 2 });
    });

    it('fences the former life of a holder that comes back under the same name', async () => {
      const before = await mine.acquire('relay', 'a', 1_000, 500);
      const after = await theirs.acquire('relay', 'a', 1_100, 500);
      expect(after).toMatchObject({ generation: 2 });
      expect(await mine.renew(before!, 1_200, 500)).toBe(false);
    });

    it('lets exactly one of many win', async () => {
      const asked = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          (index % 2 === 0 ? mine : theirs).acquire('ingest', `h${index}`, 1_000, 500),
        ),
      );
      expect(asked.filter((held) => held !== undefined)).toHaveLength(1);
      expect(await mine.states()).toEqual([
        expect.objectContaining({ role: 'ingest', generation: 1, untilMs: 1_500 }),
      ]);
    });
  });
}
