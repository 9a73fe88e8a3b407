import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import type { OutcomeDocument, WindowDocument } from '../../../examples/feed-consumer/lm-feed';
import { asyncApi } from '../../../src/app/feed/asyncapi';
import { feedTypes } from '../../../src/app/feed/feed-types';
import {
  outcomeEvent,
  parseWindowContent,
  type OutcomeEvent,
  type WindowContent,
} from '../../../src/migration';
import { recordOf } from '../../migration/outcomes/outcome-cases';

const ROOT = join(__dirname, '../../..');
const fileOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

interface Document {
  readonly channels: Readonly<Record<string, object>>;
  readonly components: {
    readonly messages: Readonly<Record<string, { readonly payload: { readonly schema: object } }>>;
  };
}

describe('the description of the feed', () => {
  const document = asyncApi() as unknown as Document;
  const stream = fileOf('examples/feed-consumer/stream.jsonl')
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { document: WindowContent }).document);
  const accepts = (message: string, value: unknown): boolean =>
    new Ajv2020({ strict: false })
      .compile(document.components.messages[message].payload.schema)
      .call(undefined, value) as boolean;

  it('is not stale where it lies in files', () => {
    expect(fileOf('docs/asyncapi.json')).toBe(`${JSON.stringify(asyncApi(), undefined, 2)}\n`);
    expect(fileOf('examples/feed-consumer/lm-feed.d.ts')).toBe(feedTypes());
  });

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThanOrEqual(4);
    for (const [, path] of references) {
      const found = path
        .split('/')
        .reduce<unknown>((at, name) => (at as Record<string, unknown>)?.[name], document);
      expect([path, typeof found]).toEqual([path, 'object']);
    }
  });

  it('accepts the recorded stream, which the strict schema of the writer accepts too', () => {
    expect(stream).toHaveLength(7);
    for (const one of stream) {
      expect(parseWindowContent(JSON.stringify(one))).toEqual(one);
      expect(accepts('windows', one)).toBe(true);
    }
    const { text } = outcomeEvent('north', { ...recordOf(), position: 1 });
    expect(accepts('outcomes', JSON.parse(text))).toBe(true);
  });

  it('accepts members that a later release adds, and refuses a value of another type', () => {
    const [first] = stream;
    const [window] = first.windows;
    const later = { ...first, added: 1, windows: [{ ...window, added: { deep: true } }] };
    expect(accepts('windows', later)).toBe(true);
    expect(accepts('windows', { ...first, revision: 'two' })).toBe(false);
    expect(accepts('windows', { ...first, windows: undefined, revision: 0 })).toBe(false);
  });

  it('has types that the documents of this service fit', () => {
    // Checked by the compiler: each is assigned to the other's type.
    const windows: WindowDocument = stream[0];
    const outcome = (event: OutcomeEvent): OutcomeDocument => event;
    expect(windows.schema).toBe('lm.windows.v1');
    const { text } = outcomeEvent('north', { ...recordOf(), position: 1 });
    expect(outcome(JSON.parse(text) as OutcomeEvent).schema).toBe('lm.outcomes.v1');
  });
});
