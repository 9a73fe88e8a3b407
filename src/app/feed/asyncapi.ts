// The feed described as AsyncAPI 3, made of the schemas that check its documents.
import {
  KEY_HEADER,
  outcomeEventJsonSchema,
  OUTCOMES_TOPIC,
  SIGNATURE_HEADER,
  windowJsonSchema,
  WINDOWS_TOPIC,
} from '../../migration';
import { CODE_VERSION } from '../version';

type Description = Readonly<Record<string, unknown>>;

/** https://www.asyncapi.com/docs/reference/specification/v3.0.0; topics under their default names. */
export function asyncApi(): Description {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Slackwater feed',
      version: CODE_VERSION,
      description:
        'Migration windows of VMs, and what became of migrations: CloudEvents 1.0 in binary mode, at least once, ordered per VM. Unknown members are ignored by readers; see docs/feed.md.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    servers: { kafka: { host: 'localhost:9092', protocol: 'kafka' } },
    channels: {
      windows: channelOf('windows', WINDOWS_TOPIC, 'The newest list of windows of a VM'),
      outcomes: channelOf('outcomes', OUTCOMES_TOPIC, 'What executors report of migrations'),
    },
    operations: { sendWindows: operationOf('windows'), sendOutcomes: operationOf('outcomes') },
    components: {
      messages: {
        windows: messageOf(WINDOWS_TOPIC, windowJsonSchema()),
        outcomes: messageOf(OUTCOMES_TOPIC, outcomeEventJsonSchema()),
      },
    },
  };
}

function channelOf(name: string, topic: string, description: string): Description {
  return {
    address: topic,
    description,
    messages: { [name]: { $ref: `#/components/messages/${name}` } },
    bindings: { kafka: { topic, bindingVersion: '0.5.0' } },
  };
}

function operationOf(name: string): Description {
  return { action: 'send', channel: { $ref: `#/channels/${name}` } };
}

function messageOf(type: string, payload: Description): Description {
  const text = { type: 'string' };
  const headers = {
    type: 'object',
    properties: {
      'content-type': { const: 'application/json' },
      ce_specversion: { const: '1.0' },
      ce_id: { ...text, description: 'The same for every repeat of an event' },
      ce_source: { ...text, description: '/slackwater/tenants/TENANT' },
      ce_type: { const: type },
      ce_subject: { ...text, description: 'The VM' },
      ce_partitionkey: { ...text, description: 'TENANT/VM, also the key of the message' },
      ce_sequence: { ...text, description: 'The position; rises, for outcomes with holes' },
      ...(type === WINDOWS_TOPIC && { ce_revision: text }),
      [KEY_HEADER]: { ...text, description: 'Where signed: kid of GET /v1/feed/keys' },
      [SIGNATURE_HEADER]: { ...text, description: 'Ed25519 over the payload’s bytes, base64url' },
    },
    required: ['ce_specversion', 'ce_id', 'ce_source', 'ce_type', 'ce_subject'],
  };
  return {
    name: type,
    contentType: 'application/json',
    headers,
    payload: { schemaFormat: 'application/schema+json;version=draft-2020-12', schema: payload },
    bindings: { kafka: { key: text, bindingVersion: '0.5.0' } },
  };
}
