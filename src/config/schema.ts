// Every setting of the service: name, unit, default, and what it does. docs/configuration.md is made of it.
import { z } from 'zod';

export interface Setting<T extends z.ZodType = z.ZodType> {
  readonly schema: T;
  readonly description: string;
  /** Also read from the file named by NAME_FILE; never shown. */
  readonly secret?: boolean;
}

function setting<T extends z.ZodType>(schema: T, description: string, secret = false): Setting<T> {
  return { schema, description, secret };
}

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

function isZone(zone: string): boolean {
  try {
    return Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

export const SETTINGS = {
  DATA_DIR: setting(
    z.string().min(1).default('./slackwater-data'),
    'Folder of the embedded database, the sample log, objects, and the operator token.',
  ),
  HTTP_HOST: setting(
    z.string().min(1).default('127.0.0.1'),
    'Address that the API listens on. Put TLS in front of anything but the loopback.',
  ),
  HTTP_PORT: setting(whole(0, 65_535).default(8420), 'Port of the API; 0 takes a free one.'),
  HTTP_BODY_BYTES_MAX: setting(
    whole(1_024, 67_108_864).default(4_194_304),
    'Largest request body, bytes.',
  ),
  METRICS_PUBLIC: setting(
    z.enum(['true', 'false']).default('true'),
    'Whether /metrics is readable without a token.',
  ),
  DATABASE_URL: setting(
    z
      .string()
      .regex(/^postgres(ql)?:\/\//, 'a URL postgresql://...')
      .optional(),
    'PostgreSQL >= 15 as the owner of the schema. Absent: the embedded PostgreSQL.',
    true,
  ),
  REDIS_URL: setting(
    z
      .string()
      .regex(/^rediss?:\/\//, 'a URL redis://...')
      .optional(),
    'Redis >= 7 or Valkey with noeviction, for the queue. Absent: BullMQ on PostgreSQL.',
    true,
  ),
  KAFKA_BROKERS: setting(
    z
      .string()
      .regex(/^[^,\s]+:\d+(,[^,\s]+:\d+)*$/, 'host:port[,host:port]')
      .optional(),
    'Kafka >= 3.7. Absent: the local sample log, and the feed over HTTP only. Needs "npm run setup:kafka".',
  ),
  KAFKA_SAMPLE_TOPIC: setting(
    z.string().min(1).default('vm.cpu.minute'),
    'Topic that samples arrive on.',
  ),
  KAFKA_WINDOW_TOPIC: setting(
    z.string().min(1).default('lm.windows.v1'),
    'Topic that windows leave on.',
  ),
  KAFKA_OUTCOME_TOPIC: setting(
    z.string().min(1).default('lm.outcomes.v1'),
    'Topic that reported outcomes leave on.',
  ),
  KAFKA_GROUP: setting(
    z.string().min(1).default('slackwater-ingest'),
    'Consumer group that shows the lag; positions live in PostgreSQL.',
  ),
  OBJECT_DIR: setting(
    z.string().min(1).optional(),
    'Folder of segments and results; all processes must see it. Absent: objects in DATA_DIR.',
  ),
  TENANT: setting(
    z
      .string()
      .regex(/^[A-Za-z0-9._-]{1,100}$/, '1 to 100 of A-Z a-z 0-9 . _ -')
      .default('default'),
    'The fleet that unlabelled samples and the operator token belong to.',
  ),
  TENANT_TIME_ZONE: setting(
    z.string().refine(isZone, 'an IANA time zone').default('UTC'),
    'IANA zone of the tenant: run dates and "02:00" are local to it.',
  ),
  FEED_SIGNING_KEY: setting(
    z.string().min(1).optional(),
    'PEM of the Ed25519 private key that signs feed documents, then of older keys, if any; all are at /v1/feed/keys. Absent: unsigned.',
    true,
  ),
  ADDRESS_KEY: setting(
    z.string().min(32).optional(),
    'Signs the addresses of calendars, 32 characters at least; the same in all main processes. Absent: made of the operator token.',
    true,
  ),
  NIGHT_AT: setting(
    z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'HH:MM')
      .or(z.literal('off'))
      .default('22:00'),
    'Local time at which the night starts by itself, or off.',
  ),
  TRAIN_EVERY_DAYS: setting(
    whole(0, 365).default(7),
    'Days between two trainings of the boosters on the own history, after a published night; 0 trains on request only.',
  ),
  TRAIN_PROMOTE: setting(
    z.enum(['gate', 'manual']).default('gate'),
    'Whether a version that the service trained by itself and that passes the gate becomes the champion.',
  ),
  OUTSIDE_MODELS: setting(
    z.string().min(1).optional(),
    'Programs that forecast beside the built-in models, NAME=COMMAND, separated by ";" (docs/models/outside.md); the same in every process.',
  ),
  OUTSIDE_HOURLY: setting(
    z.enum(['true', 'false']).default('false'),
    'Whether those programs forecast hours alone, not five minutes.',
  ),
  OUTSIDE_SECONDS: setting(
    whole(1, 3_600).default(60),
    'What each process of such a program may take, s.',
  ),
  OUTSIDE_MIB: setting(
    whole(1, 1_048_576).default(4_096),
    'Memory that each process of such a program may hold, MiB.',
  ),
  BACKEND: setting(
    z.enum(['auto', 'reference', 'native']).default('auto'),
    'Numeric kernels; a named one that is not there stops the start.',
  ),
  SHARD_SIZE: setting(
    whole(1, 4_096).default(256),
    'VMs worked on together. Never changes a result.',
  ),
  WORKERS: setting(
    whole(0, 64).default(2),
    'Shards in hand at once in this process; 0 takes none.',
  ),
  LEASE_MS: setting(
    whole(2_000, 600_000).default(15_000),
    'How long a role or shard of a dead process stays reserved, ms.',
  ),
  RETENTION_5MIN_DAYS: setting(
    whole(28, 3_650).default(35),
    'Days that five-minute segments are kept.',
  ),
  RETENTION_HOURLY_DAYS: setting(
    whole(28, 36_500).default(400),
    'Days that hourly segments are kept.',
  ),
  LOG_LEVEL: setting(
    z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info'),
    'What is logged, as JSON lines on stderr.',
  ),
} as const;

export function isSecret(name: SettingName): boolean {
  return (SETTINGS[name] as Setting).secret === true;
}

export type SettingName = keyof typeof SETTINGS;

export type Config = {
  readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']>;
};
