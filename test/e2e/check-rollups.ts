// The checker of ingest: what must be stored follows from the generator's formula alone.
import { FIVE_MINUTES_MS, MINUTE_MS } from '../../src/core';
import {
  arrivalOf,
  centiAt,
  faultyPct,
  isDuplicated,
  isInGap,
  LATE_MINUTES,
  loadShape,
  NO_FAULTS,
  OUT_OF_ORDER_MINUTES,
  vmIdAt,
  type GeneratorSettings,
  type IngestCounters,
  type RollupStore,
} from '../../src/ingest';

interface Expected {
  /** "vm start" -> [sum, slots] */
  readonly buckets: ReadonlyMap<string, readonly [number, number]>;
  readonly counters: IngestCounters;
}

function expectedOf({ fleet, startMs, endMs }: GeneratorSettings): Expected {
  const faults = fleet.faults ?? NO_FAULTS;
  const buckets = new Map<string, [number, number]>();
  const counters = { received: 0, stored: 0, duplicate: 0, quarantined: 0 };
  const delays = { 'on-time': 0, 'out-of-order': OUT_OF_ORDER_MINUTES, late: LATE_MINUTES };
  for (let vm = 0; vm < fleet.vmCount; vm += 1) {
    const shape = loadShape(fleet, vm);
    for (let minute = startMs / MINUTE_MS; minute < endMs / MINUTE_MS; minute += 1) {
      const arrives = minute + delays[arrivalOf(faults, fleet.seed, vm, minute)];
      if (arrives >= endMs / MINUTE_MS || isInGap(faults, fleet.seed, vm, minute)) continue;
      const copies = isDuplicated(faults, fleet.seed, vm, minute) ? 2 : 1;
      counters.received += copies;
      const pct = faultyPct(faults, fleet.seed, vm, minute, centiAt(shape, minute) / 100);
      if (!(pct >= 0)) {
        counters.quarantined += copies;
        continue;
      }
      counters.stored += 1;
      counters.duplicate += copies - 1;
      const tsMs = minute * MINUTE_MS;
      const start = tsMs - (tsMs % FIVE_MINUTES_MS);
      const key = `${vmIdAt(vm)} ${start}`;
      const [sum, slots] = buckets.get(key) ?? [0, 0];
      buckets.set(key, [sum + Math.round(pct * 100), slots | (1 << ((tsMs - start) / MINUTE_MS))]);
    }
  }
  return { buckets, counters };
}

/** What differs from the formula, in words; empty when nothing is missing, doubled, or wrong. */
export async function checkRollups(
  store: RollupStore,
  settings: GeneratorSettings,
): Promise<readonly string[]> {
  const expected = expectedOf(settings);
  const names = (await store.vms()).map((vm) => vm.vmId);
  const found = new Map<string, readonly [number, number]>();
  const problems: string[] = [];
  for await (const block of store.readBlocks(settings.startMs, settings.endMs)) {
    block.vmIndex.forEach((vmIndex, row) => {
      const key = `${names[vmIndex]} ${block.startMs}`;
      if (found.has(key)) problems.push(`${key} is there twice`);
      found.set(key, [block.sumCenti[row], block.slots[row]]);
    });
  }
  for (const [key, [sum, slots]] of expected.buckets) {
    const got = found.get(key);
    if (got === undefined) problems.push(`${key} is missing`);
    else if (got[0] !== sum || got[1] !== slots)
      problems.push(`${key} is ${got}, not ${[sum, slots]}`);
  }
  if (found.size > expected.buckets.size) problems.push('there are buckets that nobody sent');
  const counters = await store.counters();
  if (JSON.stringify(counters) !== JSON.stringify(expected.counters)) {
    problems.push(
      `counters are ${JSON.stringify(counters)}, not ${JSON.stringify(expected.counters)}`,
    );
  }
  return problems;
}
