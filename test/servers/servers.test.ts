import { probePostgres } from '../../src/adapters/postgres';
import { PostgresServer, postgresIsInstalled } from './postgres-server';

const describeWithPostgres = postgresIsInstalled() ? describe : describe.skip;

describeWithPostgres('a PostgreSQL of the distribution', () => {
  it('answers the questions of the doctor, also after it died and came back', async () => {
    const server = await PostgresServer.start();
    try {
      const facts = await probePostgres(server.url);
      expect(facts.versionNumber).toBeGreaterThanOrEqual(150_000);
      expect(facts).toMatchObject({
        isSuperuser: true,
        mayCreateRoles: true,
        mayCreateInSchema: true,
      });
      expect(Math.abs(facts.serverNowMs - Date.now())).toBeLessThan(5_000);
      await server.kill();
      await expect(probePostgres(server.url)).rejects.toThrow('PostgreSQL');
      await server.restart();
      expect((await probePostgres(server.url)).versionText).toBe(facts.versionText);
    } finally {
      await server.stop();
    }
  });
});
