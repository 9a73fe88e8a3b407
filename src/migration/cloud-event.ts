// Feed entries as CloudEvents 1.0: binary mode for Kafka, and server-sent events.
import type { FeedEntry } from './window-store';

/** Topic of the feed and type of its events. */
export const WINDOWS_TOPIC = 'lm.windows.v1';

export interface KafkaEvent {
  /** "tenant/vmId": all revisions of a VM stay in one partition, in order. */
  readonly key: string;
  /** CloudEvents Kafka binding 1.0.2, binary mode: `ce_` attributes beside the bare data. */
  readonly headers: Readonly<Record<string, string>>;
  /** The document's bytes. */
  readonly value: string;
}

export function kafkaEvent(tenantId: string, entry: FeedEntry): KafkaEvent {
  const key = `${tenantId}/${entry.vmId}`;
  return {
    key,
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: entry.id,
      ce_source: `/slackwater/tenants/${encodeURIComponent(tenantId)}`,
      ce_type: WINDOWS_TOPIC,
      ce_subject: entry.vmId,
      ce_partitionkey: key,
      ce_sequence: String(entry.position),
      ce_revision: String(entry.revision),
    },
    value: entry.text,
  };
}

/** One server-sent event: its id is the position to resume after, its data the document. */
export function serverSentEvent(entry: FeedEntry): string {
  return `id: ${entry.position}\nevent: ${WINDOWS_TOPIC}\ndata: ${entry.text}\n\n`;
}
