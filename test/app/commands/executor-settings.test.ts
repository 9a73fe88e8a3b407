import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openExecutor, type ExecutorName } from '../../../src/app/commands/executor-settings';

const folder = mkdtempSync(join(tmpdir(), 'slackwater-settings-'));

function opened(kind: ExecutorName, said: object) {
  const path = join(folder, `${kind}.json`);
  writeFileSync(path, JSON.stringify(said));
  return openExecutor(kind, path, join(folder, 'journal'));
}

const GOOD: Readonly<Record<string, { readonly said: object; readonly needs: readonly string[] }>> =
  {
    kubevirt: {
      said: {
        url: 'https://k8s:6443',
        tokenFile: '/t',
        vms: { v: { namespace: 'n', name: 'x' } },
      },
      needs: ['url', 'tokenFile', 'vms', 'vms.v.namespace', 'vms.v.name'],
    },
    libvirt: {
      said: { vms: { v: { domain: 'd', source: 'qemu+ssh://a', destination: 'qemu+ssh://b' } } },
      needs: ['vms', 'vms.v.domain', 'vms.v.source', 'vms.v.destination'],
    },
    nova: {
      said: { authUrl: 'https://k:5000/v3', credentialFile: '/c', vms: { v: { serverId: 's' } } },
      needs: ['authUrl', 'credentialFile', 'vms', 'vms.v.serverId'],
    },
    proxmox: {
      said: { url: 'https://pve:8006', tokenFile: '/t', vms: { v: { vmid: 1, target: 'pve2' } } },
      needs: ['url', 'tokenFile', 'vms', 'vms.v.vmid', 'vms.v.target'],
    },
  };

describe.each(Object.keys(GOOD) as ExecutorName[])('settings of --executor %s', (kind) => {
  const { said, needs } = GOOD[kind];

  it('opens an executor of that kind, with 300 ms where no limit is named', async () => {
    const { executor, downtimeLimitMs, bandwidthBytesPerSec } = opened(kind, said);
    expect([executor.kind, executor.vmIds]).toEqual([kind, ['v']]);
    expect([downtimeLimitMs, bandwidthBytesPerSec]).toEqual([300, undefined]);
    await executor.close();
  });

  it.each(needs)('names what is missing: %s', (path) => {
    const whole = structuredClone(said) as Record<string, unknown>;
    const fields = path.split('.');
    const last = fields.pop() ?? '';
    let at = whole;
    for (const field of fields) at = at[field] as Record<string, unknown>;
    delete at[last];
    expect(() => opened(kind, whole)).toThrow(
      `${path}: is missing; --executor ${kind} needs it (docs/executors.md)`,
    );
  });

  it('names a field that it does not know, and a limit in the wrong unit', () => {
    expect(() => opened(kind, { ...said, tokenfile: 'x' })).toThrow('tokenfile');
    expect(() => opened(kind, { ...said, downtimeLimitMs: 0.3 })).toThrow('downtimeLimitMs');
    expect(() => opened(kind, { ...said, bandwidthBytesPerSec: 119 })).toThrow(
      'bandwidthBytesPerSec',
    );
  });
});
