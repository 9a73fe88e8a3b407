// One daily VM-major file as Arrow IPC: a row per VM, its means and maxima as fixed-size lists.
import {
  Field,
  FixedSizeList,
  makeData,
  RecordBatch,
  RecordBatchFileWriter,
  Schema,
  Struct,
  tableFromIPC,
  Uint16,
  Uint32,
} from 'apache-arrow';
import { DAY_MS, DomainError, type EpochMs } from '../../core';
import type { HistoryKernels } from '../../kernels';
import type { ObjectStore } from '../object-store';
import type { SegmentRecord } from '../rollup-store';
import { crc32c } from '../../core';

/** No value: hundredths of a percent end at 65534. */
export const MISSING_CENTI = 0xffff;
const FORMAT_VERSION = '1';

/** A day of `vmCount` VMs; row r is the VM with index firstVmIndex + r, whether it has data or not. */
export interface SegmentData {
  readonly dayMs: EpochMs;
  /** 300_000 or 3_600_000. */
  readonly stepMs: number;
  readonly firstVmIndex: number;
  readonly vmCount: number;
  /** (vmCount, DAY_MS / stepMs) row-major, hundredths of a percent, MISSING_CENTI = missing. */
  readonly meanCenti: Uint16Array;
  readonly maxCenti: Uint16Array;
}

/** O(values); any Arrow reader opens the bytes. */
export function encodeSegment(segment: SegmentData): Uint8Array {
  const { vmCount, firstVmIndex } = segment;
  const steps = DAY_MS / segment.stepMs;
  const list = new FixedSizeList(steps, new Field('centi_pct', new Uint16(), false));
  const listOf = (data: Uint16Array) =>
    makeData({
      type: list,
      length: vmCount,
      nullCount: 0,
      child: makeData({ type: new Uint16(), length: data.length, nullCount: 0, data }),
    });
  const vmIndex = Uint32Array.from({ length: vmCount }, (_, row) => firstVmIndex + row);
  const schema = new Schema(
    [
      new Field('vm_index', new Uint32(), false),
      new Field('mean', list, false),
      new Field('max', list, false),
    ],
    new Map([
      ['slackwater.format', 'segment'],
      ['slackwater.version', FORMAT_VERSION],
      ['slackwater.day_ms', String(segment.dayMs)],
      ['slackwater.step_ms', String(segment.stepMs)],
      ['slackwater.first_vm_index', String(firstVmIndex)],
      ['slackwater.vm_count', String(vmCount)],
      ['slackwater.unit', 'hundredths of a percent of the allotment'],
      ['slackwater.missing', String(MISSING_CENTI)],
    ]),
  );
  const batch = new RecordBatch(
    schema,
    makeData({
      type: new Struct(schema.fields),
      length: vmCount,
      nullCount: 0,
      children: [
        makeData({ type: new Uint32(), length: vmCount, nullCount: 0, data: vmIndex }),
        listOf(segment.meanCenti),
        listOf(segment.maxCenti),
      ],
    }),
  );
  return RecordBatchFileWriter.writeAll([batch]).toUint8Array(true);
}

/** Views into `bytes` where Arrow allows it. Throws SEGMENT_CORRUPT naming `key`. */
export function decodeSegment(key: string, bytes: Uint8Array): SegmentData {
  try {
    const table = tableFromIPC(bytes);
    const { metadata } = table.schema;
    const number = (name: string): number => Number(metadata.get(`slackwater.${name}`));
    if (metadata.get('slackwater.format') !== 'segment') throw corrupt(key, 'it is no segment');
    const version = metadata.get('slackwater.version');
    if (version !== FORMAT_VERSION) {
      throw corrupt(key, `its format has version ${version}; ${FORMAT_VERSION} is read`);
    }
    const valuesOf = (name: string): Uint16Array => {
      const values: unknown = table.getChild(name)?.data[0]?.children[0]?.values;
      if (values instanceof Uint16Array) return values;
      throw corrupt(key, `it has no column '${name}'`);
    };
    const segment: SegmentData = {
      dayMs: number('day_ms'),
      stepMs: number('step_ms'),
      firstVmIndex: number('first_vm_index'),
      vmCount: number('vm_count'),
      meanCenti: valuesOf('mean'),
      maxCenti: valuesOf('max'),
    };
    const expected = (segment.vmCount * DAY_MS) / segment.stepMs;
    if (!(segment.meanCenti.length >= expected && segment.maxCenti.length >= expected)) {
      throw corrupt(key, `it has ${segment.meanCenti.length} values instead of ${expected}`);
    }
    return segment;
  } catch (error) {
    if (error instanceof DomainError) throw error;
    throw corrupt(key, error instanceof Error ? error.message : String(error));
  }
}

/** Reads a listed segment and checks length and CRC-32C. Throws SEGMENT_CORRUPT naming the file. */
export async function readSegment(
  objects: ObjectStore,
  record: SegmentRecord,
  kernels?: Pick<HistoryKernels, 'crc32c'>,
): Promise<SegmentData> {
  const bytes = await objects.get(record.key);
  if (bytes.length !== record.bytes) {
    throw corrupt(record.key, `it has ${bytes.length} bytes, the catalog says ${record.bytes}`);
  }
  const checksum = (await kernels?.crc32c(bytes)) ?? crc32c(bytes);
  if (checksum !== record.crc32c) {
    const said = record.crc32c.toString(16);
    throw corrupt(record.key, `its CRC-32C is ${checksum.toString(16)}, the catalog says ${said}`);
  }
  return decodeSegment(record.key, bytes);
}

function corrupt(key: string, why: string): DomainError {
  return new DomainError('SEGMENT_CORRUPT', `segment '${key}' is damaged: ${why}`, { key });
}
