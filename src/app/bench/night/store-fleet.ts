// A fleet as stored segments, made fast: shapes of the generator, each VM with its own scale, shift, and noise.
import { MemoryRollupStore } from '../../../adapters/embedded';
import { crc32c, DAY_MS, FIVE_MINUTES_MS, hash32, HOUR_MS, type EpochMs } from '../../../core';
import {
  centiAt,
  encodeSegment,
  generatedVm,
  GENERATED_CENTI_MAX,
  loadShape,
  type Fleet,
  type ObjectStore,
  type SegmentRecord,
  type VmRecord,
} from '../../../ingest';

export const VMS_PER_SEGMENT = 4_096;
/** Different shapes: VM v has shape v modulo it. */
export const SHAPES_MAX = 4_096;

export interface StoredFleet {
  readonly fleet: Fleet;
  readonly endMs: EpochMs;
  readonly days: number;
  readonly steps: readonly number[];
}

/** Segments of whole days before `endMs` in each of `steps` (ms), listed in the store. */
export async function storeFleet(
  stored: StoredFleet,
  objects: ObjectStore,
  onDay: (done: number) => void,
): Promise<MemoryRollupStore> {
  const { fleet, endMs, days, steps } = stored;
  const rollups = new GeneratedRollups(fleet);
  const shapeCount = Math.min(SHAPES_MAX, fleet.vmCount);
  const shapes = Array.from({ length: shapeCount }, (_, vm) => loadShape(fleet, vm));
  for (let day = 0; day < days; day += 1) {
    const dayMs = endMs - (days - day) * DAY_MS;
    const records: SegmentRecord[] = [];
    for (const stepMs of steps) {
      const length = DAY_MS / stepMs;
      const minutes = Array.from({ length }, (_, at) => (dayMs + at * stepMs) / 60_000);
      const base = new Uint16Array(shapeCount * length);
      shapes.forEach((shape, row) =>
        minutes.forEach((minute, at) => (base[row * length + at] = centiAt(shape, minute))),
      );
      for (let first = 0; first < fleet.vmCount; first += VMS_PER_SEGMENT) {
        records.push(await putSegment(stored, objects, { dayMs, stepMs, first, base, length }));
      }
    }
    await rollups.replaceBlocks(records, []);
    onDay(day + 1);
  }
  return rollups;
}

interface Part {
  readonly dayMs: EpochMs;
  readonly stepMs: number;
  readonly first: number;
  readonly base: Uint16Array;
  readonly length: number;
}

async function putSegment(
  { fleet }: StoredFleet,
  objects: ObjectStore,
  { dayMs, stepMs, first, base, length }: Part,
): Promise<SegmentRecord> {
  const vmCount = Math.min(VMS_PER_SEGMENT, fleet.vmCount - first);
  const meanCenti = new Uint16Array(vmCount * length);
  const shapeCount = base.length / length;
  const day = dayMs / DAY_MS;
  for (let row = 0; row < vmCount; row += 1) {
    const vm = first + row;
    const scale = 192 + (hash32(fleet.seed, vm, 77) & 127); // .75 to 1.25, in 256ths
    const shape = (vm % shapeCount) * length;
    let noise = hash32(fleet.seed, vm, day);
    for (let at = 0; at < length; at += 1) {
      noise = (Math.imul(noise, 1_664_525) + 1_013_904_223) | 0; // Numerical Recipes' generator
      const value = ((base[shape + at] * scale) >> 8) + (noise >>> 26);
      meanCenti[row * length + at] = value > GENERATED_CENTI_MAX ? GENERATED_CENTI_MAX : value;
    }
  }
  const segment = {
    dayMs,
    stepMs,
    firstVmIndex: first,
    vmCount,
    meanCenti,
    maxCenti: meanCenti.slice(),
  };
  const bytes = encodeSegment(segment);
  const resolution = stepMs === HOUR_MS ? '3600s' : '300s';
  const key = `segments/${resolution}/${day}/${String(first).padStart(9, '0')}.v1.arrow`;
  await objects.put(key, bytes);
  const size = { crc32c: crc32c(bytes), bytes: bytes.length };
  return { key, dayMs, stepMs, firstVmIndex: first, vmCount, version: 1, ...size };
}

/** A catalog by formula: a million records as objects would be marked at every garbage collection. */
class GeneratedRollups extends MemoryRollupStore {
  constructor(private readonly fleet: Fleet) {
    super();
  }

  override vms(): Promise<readonly VmRecord[]> {
    const { vmCount } = this.fleet;
    return Promise.resolve(Array.from({ length: vmCount }, (_, vm) => this.record(vm)));
  }

  override vmRecords(vmIds: readonly string[]): Promise<readonly VmRecord[]> {
    return Promise.resolve(vmIds.map((vmId) => this.record(Number(vmId.slice('vm-'.length)))));
  }

  private record(vmIndex: number): VmRecord {
    const { vmId, vcpus, memoryBytes } = generatedVm(this.fleet, vmIndex);
    return { vmIndex, vmId, vcpus, memoryBytes };
  }
}

export const STEPS: Readonly<Record<string, number>> = { '3600': HOUR_MS, '300': FIVE_MINUTES_MS };
