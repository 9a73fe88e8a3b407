// Records of a log -> sample columns: one message per host and minute, or a single sample.
import { isVmId } from '../../core';
import type { LogRecord, RejectedRecord, SampleColumns } from '../sample-source';

export interface DecodeLimits {
  readonly bodyBytesMax: number;
  readonly seriesMax: number;
}

/** Where VMs run, as the messages said. */
export interface Placement {
  readonly vmId: string;
  readonly host: string;
  readonly cluster?: string;
}

export interface DecodedRecords {
  readonly columns: SampleColumns;
  readonly rejected: readonly RejectedRecord[];
  readonly placements: readonly Placement[];
}

export const DECODE_LIMITS: DecodeLimits = {
  bodyBytesMax: 4_194_304, // 4 MiB: 100,000 VMs in one message
  seriesMax: 100_000,
};

const HEAD_BYTES = 256;

interface HostMinute {
  readonly v?: unknown;
  readonly host?: unknown;
  readonly cluster?: unknown;
  readonly tsMs?: unknown;
  readonly vm?: unknown;
  readonly cpuPct?: unknown;
}

/** Never throws: what is not a message is rejected with its reason, whole. O(samples). */
export function decodeRecords(
  records: readonly LogRecord[],
  limits: DecodeLimits = DECODE_LIMITS,
): DecodedRecords {
  const builder = new ColumnsBuilder();
  const rejected: RejectedRecord[] = [];
  const placements = new Map<string, Placement>();
  for (const record of records) {
    const message = parse(record, limits);
    const reason =
      typeof message === 'string' ? message : add(builder, placements, message, record, limits);
    if (reason !== undefined) {
      const head = Uint8Array.prototype.slice.call(record.body, 0, HEAD_BYTES);
      rejected.push({ offset: record.offset, reason, head });
    }
  }
  return { columns: builder.build(), rejected, placements: [...placements.values()] };
}

/** The message, or the reason why it is none. */
function parse(record: LogRecord, limits: DecodeLimits): HostMinute | string {
  if (!record.contentType.startsWith('application/json')) {
    return `content type '${record.contentType}' is not application/json`;
  }
  if (record.body.length > limits.bodyBytesMax) {
    return `${record.body.length} bytes; at most ${limits.bodyBytesMax} are accepted`;
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(record.body).toString('utf8'));
    if (value === null || typeof value !== 'object' || Array.isArray(value)) {
      return 'the message is not a JSON object';
    }
    return value;
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message.slice(0, 80) : 'unreadable'}`;
  }
}

function add(
  builder: ColumnsBuilder,
  placements: Map<string, Placement>,
  message: HostMinute,
  record: LogRecord,
  limits: DecodeLimits,
): string | undefined {
  const { tsMs, vm, cpuPct, host, cluster } = message;
  if (message.v !== undefined && message.v !== 1)
    return `v is ${JSON.stringify(message.v)}; 1 is accepted`;
  if (typeof tsMs !== 'number' || !Number.isFinite(tsMs)) return 'tsMs is not epoch milliseconds';
  if (typeof vm === 'string') {
    if (!isVmId(vm)) return `vm ${JSON.stringify(vm.slice(0, 60))} is no VM id`;
    if (cpuPct !== null && typeof cpuPct !== 'number') return 'cpuPct is not a number';
    builder.add(vm, tsMs, cpuPct ?? Number.NaN, record.offset);
    return undefined;
  }
  if (!Array.isArray(vm) || !Array.isArray(cpuPct)) return 'vm and cpuPct are not both arrays';
  if (vm.length !== cpuPct.length) return `${vm.length} vm but ${cpuPct.length} cpuPct`;
  if (vm.length > limits.seriesMax)
    return `${vm.length} VMs; at most ${limits.seriesMax} are accepted`;
  const bad = vm.findIndex((id) => typeof id !== 'string' || !isVmId(id));
  if (bad >= 0) return `vm[${bad}] is no VM id`;
  const wrong = cpuPct.findIndex((value) => value !== null && typeof value !== 'number');
  if (wrong >= 0) return `cpuPct[${wrong}] is not a number`;
  for (let index = 0; index < vm.length; index += 1) {
    builder.add(vm[index], tsMs, cpuPct[index] ?? Number.NaN, record.offset);
    if (typeof host === 'string') {
      const place = typeof cluster === 'string' ? { host, cluster } : { host };
      placements.set(vm[index], { vmId: vm[index], ...place });
    }
  }
  return undefined;
}

class ColumnsBuilder {
  private readonly vmNames: string[] = [];
  private readonly positions = new Map<string, number>();
  private readonly vm: number[] = [];
  private readonly tsMs: number[] = [];
  private readonly cpuPct: number[] = [];
  private readonly offsets: number[] = [];

  add(name: string, tsMs: number, cpuPct: number, offset: number): void {
    let position = this.positions.get(name);
    if (position === undefined) {
      position = this.vmNames.length;
      this.positions.set(name, position);
      this.vmNames.push(name);
    }
    this.vm.push(position);
    this.tsMs.push(tsMs);
    this.cpuPct.push(cpuPct);
    this.offsets.push(offset);
  }

  build(): SampleColumns {
    return {
      count: this.vm.length,
      vmNames: this.vmNames,
      vm: Uint32Array.from(this.vm),
      tsMs: Float64Array.from(this.tsMs),
      cpuPct: Float64Array.from(this.cpuPct),
      offsets: Float64Array.from(this.offsets),
    };
  }
}
