import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryTokenStore } from '../../../src/adapters/embedded';
import {
  ensureOperatorToken,
  hashOfToken,
  operatorTokenPath,
} from '../../../src/app/auth/operator-token';

describe('the operator token', () => {
  const tokens = new MemoryTokenStore();
  const dataDir = mkdtempSync(join(tmpdir(), 'slackwater-token-'));
  const path = operatorTokenPath(dataDir);
  const ensure = (nowMs: number) => ensureOperatorToken(dataDir, 'default', tokens, nowMs);

  it('is made once, for its owner alone, and only its hash is kept', async () => {
    const token = await ensure(1);
    expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(readFileSync(path, 'utf8')).toBe(`${token}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(dataDir)).toEqual(['operator.token']);
    expect(await ensure(2)).toBe(token);
    const kept = await tokens.list('default');
    expect(kept).toMatchObject([{ hash: hashOfToken(token), createdMs: 1 }]);
    expect(JSON.stringify(kept)).not.toContain(token);
  });

  it('is replaced when its file is deleted, and the old one is revoked', async () => {
    const old = await ensure(3);
    rmSync(path);
    const token = await ensure(4);
    expect(token).not.toBe(old);
    expect(await tokens.find(hashOfToken(old))).toMatchObject({ revokedMs: 4 });
    expect((await tokens.find(hashOfToken(token)))?.revokedMs).toBeUndefined();
  });

  it('is made anew where its file holds none', async () => {
    writeFileSync(path, '');
    expect(await ensure(5)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('leaves the operator of another main process alone', async () => {
    const token = await ensure(6);
    const other = mkdtempSync(join(tmpdir(), 'slackwater-token-'));
    await ensureOperatorToken(other, 'default', tokens, 7);
    expect((await tokens.find(hashOfToken(token)))?.revokedMs).toBeUndefined();
  });
});
