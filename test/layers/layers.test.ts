import { join } from 'node:path';
import { folderOf, importsOf, LAYERS, readSources, violations } from './layers';

const sources = readSources(join(__dirname, '../../src'));

describe('the layers of src/', () => {
  it('are read: every folder of the table has modules, and they import each other', () => {
    const folders = new Set(sources.map((file) => folderOf(file.path).replace(/\/.*/, '/*')));
    expect([...folders].toSorted()).toEqual(expect.arrayContaining(Object.keys(LAYERS)));
    const relativeImports = sources
      .flatMap((file) => importsOf(file))
      .filter((name) => name.startsWith('.'));
    expect(relativeImports.length).toBeGreaterThan(100);
  });

  it('hold: no import points forward, past an index, or to a package of another layer', () => {
    expect(violations(sources)).toEqual([]);
  });

  it.each([
    ['core/time.ts', "import { x } from '../ingest';", 'core may not import ingest'],
    ['models/a/b.ts', "export * from '../../features';", 'models may not import features'],
    ['predict/p.ts', "import { y } from '../migration';", 'predict may not import migration'],
    ['ingest/i.ts', "import { z } from '../core/time';", 'core is imported past its index'],
    [
      'adapters/kafka/k.ts',
      "import '../postgres';",
      'adapters/kafka may not import adapters/postgres',
    ],
    ['migration/m.ts', "const q = await import('bullmq');", 'migration may not know bullmq'],
    [
      'predict/n.ts',
      "import { Module } from '@nestjs/common';",
      'predict may not know @nestjs/common',
    ],
    ['features/f.ts', "type T = import('../models').Forecaster;", 'features may not import models'],
  ])('are broken by a planted import in %s', (path, text, rule) => {
    expect(violations([{ path, text }]).map((violation) => violation.rule)).toEqual([rule]);
  });
});
