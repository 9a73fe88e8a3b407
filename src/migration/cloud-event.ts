// Feed events as CloudEvents 1.0: binary mode for Kafka, and server-sent events.
import type { FeedSigner } from './feed-signature';
import type { FeedEvent } from './window-store';

/** Topic of the feed and type of its events. */
export const WINDOWS_TOPIC = 'lm.windows.v1';

/** Headers of a signed event: of Slackwater, not of CloudEvents, whose data it is about. */
export const SIGNATURE_HEADER = 'slackwater-signature';
export const KEY_HEADER = 'slackwater-key';

export interface KafkaEvent {
  /** "tenant/vmId": all events of a VM stay in one partition, in order. */
  readonly key: string;
  /** CloudEvents Kafka binding 1.0.2, binary mode: `ce_` attributes beside the bare data. */
  readonly headers: Readonly<Record<string, string>>;
  /** The document's bytes. */
  readonly value: string;
}

/** `type` is what the event is, whatever the topic is called. */
export function kafkaEvent(
  tenantId: string,
  event: FeedEvent,
  type: string = WINDOWS_TOPIC,
  signer?: FeedSigner,
): KafkaEvent {
  const key = `${tenantId}/${event.vmId}`;
  const signed = signer?.sign(event.text);
  return {
    key,
    headers: {
      'content-type': 'application/json',
      ce_specversion: '1.0',
      ce_id: event.id,
      ce_source: `/slackwater/tenants/${encodeURIComponent(tenantId)}`,
      ce_type: type,
      ce_subject: event.vmId,
      ce_partitionkey: key,
      ce_sequence: String(event.position),
      ...(event.revision !== undefined && { ce_revision: String(event.revision) }),
      ...(signed !== undefined && {
        [KEY_HEADER]: signed.keyId,
        [SIGNATURE_HEADER]: signed.signature,
      }),
    },
    value: event.text,
  };
}

/** One server-sent event: its id is the position to resume after, its data the document. */
export function serverSentEvent(event: FeedEvent, type: string = WINDOWS_TOPIC): string {
  return `id: ${event.position}\nevent: ${type}\ndata: ${event.text}\n\n`;
}
