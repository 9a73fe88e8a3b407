// The closed table of errors: what each means to a caller, and whether trying again helps.

/** One row per code. Only the HTTP filter, the job worker, and the Kafka loop translate it. */
export const ERRORS = {
  REQUEST_INVALID: { status: 400, retry: false, remedy: 'Correct the named field.' },
  TOKEN_MISSING: { status: 401, retry: false, remedy: 'Send "Authorization: Bearer TOKEN".' },
  TOKEN_INSUFFICIENT: { status: 403, retry: false, remedy: 'Use a token with the named scope.' },
  ADDRESS_INVALID: { status: 403, retry: false, remedy: 'Ask the operator for a new address.' },
  VM_UNKNOWN: { status: 404, retry: false, remedy: 'List the VMs with GET /v1/vms.' },
  HOST_UNKNOWN: { status: 404, retry: false, remedy: 'List the hosts with GET /v1/hosts.' },
  CLUSTER_UNKNOWN: { status: 404, retry: false, remedy: 'List the hosts with GET /v1/hosts.' },
  RUN_UNKNOWN: { status: 404, retry: false, remedy: 'List the runs with GET /v1/runs.' },
  WINDOW_UNKNOWN: { status: 404, retry: false, remedy: 'See GET /v1/vms/{id}/windows.' },
  NOT_FOUND: { status: 404, retry: false, remedy: 'See /openapi.json for what exists.' },
  FORECAST_ABSENT: { status: 404, retry: false, remedy: 'Start a run with POST /v1/runs.' },
  CURSOR_INVALID: { status: 400, retry: false, remedy: 'Start again without a cursor.' },
  RUN_CONFLICT: { status: 409, retry: false, remedy: 'Wait for the running attempt to end.' },
  WINDOW_SUPERSEDED: { status: 409, retry: false, remedy: 'Use the newest revision.' },
  WINDOW_EXPIRED: {
    status: 409,
    retry: false,
    remedy: 'Start inside a window of the newest list.',
  },
  WINDOW_STARTED: {
    status: 409,
    retry: false,
    remedy: 'Report its outcome; never start it again.',
  },
  CLAIM_HELD: { status: 409, retry: true, remedy: 'Leave the VM to the named executor.' },
  CLAIM_LOST: { status: 409, retry: false, remedy: 'Do not start the migration; claim again.' },
  OUTCOME_CONFLICT: { status: 409, retry: false, remedy: 'Give each migration an id of its own.' },
  EXECUTOR_REFUSED: { status: 409, retry: false, remedy: 'Correct what the message names.' },
  EXECUTOR_UNREACHABLE: {
    status: 503,
    retry: true,
    remedy: 'Check the hypervisor and its address.',
  },
  LIMIT_EXCEEDED: { status: 413, retry: false, remedy: 'Send less at once.' },
  SAMPLE_MALFORMED: {
    status: 422,
    retry: false,
    remedy: 'Correct the message; one from a log is kept in quarantine.',
  },
  INPUT_UNREADABLE: { status: 422, retry: false, remedy: 'Check the path and the format.' },
  COLUMN_UNKNOWN: { status: 422, retry: false, remedy: 'Name the columns unique_id,ds,y.' },
  INSTANT_WITHOUT_DATA: { status: 422, retry: false, remedy: 'Choose an instant inside the data.' },
  SERIES_TOO_SHORT: { status: 422, retry: false, remedy: 'Wait for two days of history.' },
  CALENDAR_CONTRADICTORY: {
    status: 422,
    retry: false,
    remedy: 'Move, narrow, or delete one of the named calendars.',
  },
  DEADLINE_PAST: { status: 422, retry: false, remedy: 'Name a deadline after now.' },
  HORIZON_TOO_LONG: { status: 422, retry: false, remedy: 'Ask for a shorter horizon.' },
  MODEL_UNKNOWN: { status: 422, retry: false, remedy: 'Choose one of the listed models.' },
  MODEL_VERSION_UNKNOWN: {
    status: 404,
    retry: false,
    remedy: 'List the versions with GET /v1/models.',
  },
  MODEL_CONFLICT: {
    status: 409,
    retry: false,
    remedy: 'Look where the aliases stand with GET /v1/models.',
  },
  MODEL_GATE_CLOSED: {
    status: 422,
    retry: false,
    remedy: 'Train another version; only a better one is promoted.',
  },
  MODEL_STATE_INVALID: { status: 422, retry: false, remedy: 'Fit the model again.' },
  PROGRAM_UNSTARTABLE: {
    status: 422,
    retry: false,
    remedy: 'Name a program that exists and may be executed.',
  },
  CONFIG_INVALID: { status: 500, retry: false, remedy: 'See docs/configuration.md.' },
  BACKEND_UNAVAILABLE: { status: 500, retry: false, remedy: 'Choose backend auto or reference.' },
  SEGMENT_CORRUPT: {
    status: 500,
    retry: false,
    remedy: 'Restore the file or ingest its day again.',
  },
  SCHEMA_NEWER: { status: 500, retry: false, remedy: 'Start the newer release.' },
  DATA_FOLDER_FOREIGN: {
    status: 500,
    retry: false,
    remedy: 'Use the release that made the folder.',
  },
  DATA_FOLDER_LOCKED: { status: 500, retry: false, remedy: 'Stop the other process first.' },
  PORT_IN_USE: { status: 500, retry: false, remedy: 'Set HTTP_PORT to a free port.' },
  TWIN_UNFIT: { status: 500, retry: false, remedy: 'Configure the named server.' },
  PARTITION_OWNED: { status: 409, retry: true, remedy: 'Only one process may own a partition.' },
  POSITION_FENCED: { status: 409, retry: true, remedy: 'A newer owner took the partition over.' },
  DAY_CHANGED: { status: 409, retry: true, remedy: 'Late samples came; the day is tried again.' },
  LEASE_LOST: { status: 409, retry: true, remedy: 'Another worker holds the shard now.' },
  STORE_UNAVAILABLE: { status: 503, retry: true, remedy: 'Check PostgreSQL.' },
  OBJECT_STORE_UNAVAILABLE: { status: 503, retry: true, remedy: 'Check the object store.' },
  QUEUE_UNAVAILABLE: { status: 503, retry: true, remedy: 'Check the queue server.' },
  LOG_UNAVAILABLE: { status: 503, retry: true, remedy: 'Check the sample log or Kafka.' },
  SERVICE_UNREACHABLE: {
    status: 503,
    retry: true,
    remedy: 'Start the service, or name another with --url.',
  },
  DISK_FULL: { status: 507, retry: true, remedy: 'Free space on the data folder.' },
  INTERNAL: { status: 500, retry: false, remedy: 'See the log of the service.' },
} as const satisfies Record<string, { status: number; retry: boolean; remedy: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** The one error of the domain; its message names the thing, the value, and what is accepted. */
export class DomainError extends Error {
  override readonly name = 'DomainError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Readonly<Record<string, unknown>> = {},
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retry(): boolean {
    return ERRORS[this.code].retry;
  }

  get remedy(): string {
    return ERRORS[this.code].remedy;
  }
}
