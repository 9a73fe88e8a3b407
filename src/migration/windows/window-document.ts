// The document of one VM: serialised once, the same bytes on the feed, in REST, and in files.
import { canonicalJson, hashId } from '../../core';
import type { WindowDocument } from '../window-store';
import { WINDOW_SCHEMA } from './window-schema';
import type { WindowContent } from './window-schema';

/** Everything but what follows from it: schema, id, idempotency key. */
export type WindowContentDraft = Omit<WindowContent, 'schema' | 'id' | 'idempotencyKey'>;

/** Numbers must be rounded already. Equal drafts give equal bytes. */
export function windowDocumentOf(draft: WindowContentDraft): WindowDocument {
  const { tenant, runDate, vmId, revision } = draft;
  const id = hashId(tenant, runDate, vmId, revision);
  const content: WindowContent = { ...draft, schema: WINDOW_SCHEMA, id, idempotencyKey: id };
  return { vmId, revision, id, text: canonicalJson(content) };
}
