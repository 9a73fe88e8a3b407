import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MemoryObjectStore } from '../../../src/adapters/embedded';
import { LocalObjectStore } from '../../../src/adapters/object-store';
import { objectStoreConformance } from '../../conformance/object-store.conformance';

objectStoreConformance('memory', async () => ({
  store: new MemoryObjectStore(),
  close: () => Promise.resolve(),
}));

objectStoreConformance('a local folder', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'objects-'));
  return {
    store: new LocalObjectStore(folder),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

describe('a local folder of objects', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'objects-'));
  });
  afterEach(async () => rm(folder, { recursive: true, force: true }));

  it('keeps objects for the next process and shows none of its drafts', async () => {
    await new LocalObjectStore(folder).put('a/b', Uint8Array.of(7));
    const next = new LocalObjectStore(folder);
    expect(await next.list('')).toEqual(['a/b']);
    expect([...(await next.get('a/b'))]).toEqual([7]);
    expect(await readdir(join(folder, '.drafts'))).toEqual([]);
  });

  it('names the object and the reason when the folder cannot be written', async () => {
    await writeFile(join(folder, 'file'), '');
    const store = new LocalObjectStore(join(folder, 'file'));
    await expect(store.put('a', new Uint8Array(1))).rejects.toMatchObject({
      code: 'OBJECT_STORE_UNAVAILABLE',
      message: expect.stringContaining("object 'a'"),
    });
  });

  it('is empty while its folder does not exist', async () => {
    expect(await new LocalObjectStore(join(folder, 'later')).list('')).toEqual([]);
  });
});
