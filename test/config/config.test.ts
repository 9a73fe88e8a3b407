import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { configDocs, readConfig } from '../../src/config';

describe('the configuration', () => {
  it('has a default for everything that has no server behind it', () => {
    const config = readConfig({});
    expect(config).toMatchObject({ HTTP_HOST: '127.0.0.1', HTTP_PORT: 8420, BACKEND: 'auto' });
    expect(config.DATABASE_URL).toBeUndefined();
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('reports all problems together, each with its name, value, and what is accepted', () => {
    const bad = { HTTP_PORT: '70000', BACKEND: 'gpu', TENANT_TIME_ZONE: 'Mars/Olympus' };
    expect(() => readConfig(bad)).toThrow(
      /HTTP_PORT is '70000'.*TENANT_TIME_ZONE is 'Mars\/Olympus'.*BACKEND is 'gpu'/,
    );
  });

  it('never shows the value of a secret', () => {
    try {
      readConfig({ DATABASE_URL: 'mysql://root:hunter2@db' });
      throw new Error('it was accepted');
    } catch (error) {
      expect(String(error)).toContain('DATABASE_URL is a secret value');
      expect(String(error)).not.toContain('hunter2');
    }
  });

  it('reads a secret from a file, and refuses both ways at once', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'slackwater-config-')), 'url');
    writeFileSync(file, 'postgresql://u:p@h/d\n');
    expect(readConfig({ DATABASE_URL_FILE: file }).DATABASE_URL).toBe('postgresql://u:p@h/d');
    expect(() => readConfig({ DATABASE_URL_FILE: file, DATABASE_URL: 'postgresql://x' })).toThrow(
      'DATABASE_URL and DATABASE_URL_FILE are both set',
    );
    writeFileSync(file, ' \n');
    expect(() => readConfig({ DATABASE_URL_FILE: file })).toThrow(
      `DATABASE_URL_FILE '${file}' is empty`,
    );
    expect(() => readConfig({ REDIS_URL_FILE: '/nowhere/at/all' })).toThrow(
      "REDIS_URL_FILE '/nowhere/at/all' cannot be read",
    );
  });

  it('is described by a page that is not stale', () => {
    const page = readFileSync(resolve(__dirname, '../../docs/configuration.md'), 'utf8');
    expect(page).toBe(configDocs());
  });
});
