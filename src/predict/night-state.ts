// What a night leaves for the next one, by VM: losses so far, each member's forecast of its first day, ARIMA's fits.
import { DAY_MS } from '../core';
import { FIT_WIDTH, ORDER_WIDTH, type LossMemory } from '../kernels';
import type { ChoiceBlock, MemberLosses } from '../models';
import { decodeColumns, encodeColumns } from './column-file';
import type { Run } from './ledger';
import { shardKey, type NightPorts } from './night-ports';
import type { Resolution } from './night-settings';
import type { ColumnTable } from './window-planner';

/** Rows of VMs, in any order. */
export interface NightState extends LossMemory {
  readonly vmIndex: Int32Array;
  readonly members: readonly string[];
  readonly blocks: readonly ChoiceBlock[];
  readonly levels: readonly number[];
  /** Leads of the first day. */
  readonly leads: number;
  /** (rows, members, levels, leads) hundredths of a percent. */
  readonly centi: Uint16Array;
  /** (rows, ORDER_WIDTH) and (rows, FIT_WIDTH); empty where ARIMA is no member. */
  readonly arimaOrders: Uint8Array;
  readonly arimaFits: Float64Array;
  /** (rows, blocks, levels) shifts of the VMs' quantiles; empty in states that are older. */
  readonly own: Float64Array;
  /** (rows, levels, leads) what the night said, calibrated, hundredths of a percent. */
  readonly said: Uint16Array;
}

/** Rows of tonight's VMs; those that were not found are zeros. */
export interface FoundState extends NightState {
  /** (rows): 1 = the state knew the VM. */
  readonly found: Uint8Array;
  /** Whole nights since it was written. */
  readonly age: number;
}

/** Where a shard's state lies, and which VMs it may hold; kept in the ledger. */
export interface StatePlace {
  readonly firstVmIndex: number;
  readonly lastVmIndex: number;
}

export function stateKey(runId: string, resolution: Resolution, shard: number): string {
  return shardKey(runId, `state-${resolution.stepMs / 1_000}`, shard);
}

export function encodeState(state: NightState): Uint8Array {
  const { vmIndex, members, blocks, levels, leads, losses, relative, nights, centi } = state;
  const { own, said } = state;
  const columns: Record<string, ColumnTable['columns'][string]> = {
    vmIndex,
    nights,
    losses: { list: losses, width: members.length * blocks.length * levels.length },
    relative: { list: relative, width: members.length * blocks.length * levels.length },
    centi: { list: centi, width: members.length * levels.length * leads },
    own: { list: own, width: blocks.length * levels.length },
    said: { list: said, width: levels.length * leads },
  };
  if (state.arimaFits.length > 0) {
    columns.arimaOrders = { list: state.arimaOrders, width: ORDER_WIDTH };
    columns.arimaFits = { list: state.arimaFits, width: FIT_WIDTH };
  }
  const about = { members, blocks, levels, leads };
  return encodeColumns({
    rowCount: vmIndex.length,
    columns,
    metadata: { state: JSON.stringify(about) },
  });
}

export function decodeState(bytes: Uint8Array): NightState {
  const { columns, metadata } = decodeColumns(bytes);
  const about = JSON.parse(metadata?.state ?? '{}') as Pick<
    NightState,
    'members' | 'blocks' | 'levels' | 'leads'
  >;
  const list = <T>(name: string, empty: T): T =>
    name in columns ? ((columns[name] as unknown as { list: T }).list ?? empty) : empty;
  return {
    ...about,
    vmIndex: columns.vmIndex as Int32Array,
    nights: columns.nights as Float64Array,
    losses: list('losses', new Float32Array()),
    relative: list('relative', new Float32Array()),
    centi: list('centi', new Uint16Array()),
    arimaOrders: list('arimaOrders', new Uint8Array()),
    arimaFits: list('arimaFits', new Float64Array()),
    own: list('own', new Float64Array()),
    said: list('said', new Uint16Array()),
  };
}

/**
 * The state of the night that the run's plan names; undefined where it names none, or where that
 * night had other members: then all is judged anew. O(rows x width) where both nights' shards follow
 * the same order.
 */
export async function readState(
  run: Run,
  vmIndexes: Uint32Array,
  resolution: Resolution,
  about: Pick<MemberLosses, 'members' | 'blocks' | 'levels'>,
  ports: NightPorts,
): Promise<FoundState | undefined> {
  const { before } = run.plan;
  if (before === undefined) return undefined;
  const places = await placesOf(before.runId, ports);
  let gathered: FoundState | undefined;
  const rowOf = new Map<number, number>();
  vmIndexes.forEach((vmIndex, row) => rowOf.set(vmIndex, row));
  const [low, high] = rangeOf(vmIndexes);
  for (const { shard, firstVmIndex, lastVmIndex } of places) {
    if (lastVmIndex < low || firstVmIndex > high) continue;
    const state = decodeState(await ports.objects.get(stateKey(before.runId, resolution, shard)));
    const same = (['members', 'blocks', 'levels'] as const).every(
      (name) => JSON.stringify(state[name]) === JSON.stringify(about[name]),
    );
    if (!same) return undefined;
    const age = Math.round((run.plan.cutoffMs - before.cutoffMs) / DAY_MS);
    gathered ??= emptyState(vmIndexes, state, age);
    gather(gathered, state, rowOf);
  }
  return gathered;
}

function emptyState(vmIndexes: Uint32Array, like: NightState, age: number): FoundState {
  const rows = vmIndexes.length;
  const perRow = (length: number): number =>
    like.vmIndex.length === 0 ? 0 : length / like.vmIndex.length;
  return {
    ...like,
    vmIndex: Int32Array.from(vmIndexes),
    nights: new Float64Array(rows),
    losses: new Float32Array(rows * perRow(like.losses.length)).fill(Number.NaN),
    relative: new Float32Array(rows * perRow(like.relative.length)).fill(Number.NaN),
    centi: new Uint16Array(rows * perRow(like.centi.length)),
    arimaOrders: new Uint8Array(rows * perRow(like.arimaOrders.length)),
    arimaFits: new Float64Array(rows * perRow(like.arimaFits.length)),
    own: new Float64Array(rows * perRow(like.own.length)),
    said: new Uint16Array(rows * perRow(like.said.length)),
    found: new Uint8Array(rows),
    age,
  };
}

/** Runs of consecutive rows are copied at once. */
function gather(to: FoundState, from: NightState, rowOf: ReadonlyMap<number, number>): void {
  const count = from.vmIndex.length;
  const copy = (
    target: NightState[ColumnName],
    source: NightState[ColumnName],
    first: number,
    end: number,
    row: number,
  ): void => {
    const width = source.length / count;
    target.set(source.subarray(first * width, end * width) as never, row * width);
  };
  let first = 0;
  while (first < count) {
    const row = rowOf.get(from.vmIndex[first]);
    let end = first + 1;
    if (row !== undefined) {
      while (end < count && rowOf.get(from.vmIndex[end]) === row + end - first) end += 1;
      for (const name of COLUMN_NAMES) copy(to[name], from[name], first, end, row);
      to.found.fill(1, row, row + end - first);
    }
    first = end;
  }
}

const COLUMN_NAMES = [
  'nights',
  'losses',
  'relative',
  'centi',
  'arimaOrders',
  'arimaFits',
  'own',
  'said',
] as const;
type ColumnName = (typeof COLUMN_NAMES)[number];

function rangeOf(vmIndexes: Uint32Array): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = -1;
  for (const vmIndex of vmIndexes) {
    low = Math.min(low, vmIndex);
    high = Math.max(high, vmIndex);
  }
  return [low, high];
}

/** A published run never changes: its places are read once per process. */
const PLACES = new WeakMap<
  object,
  Map<string, Promise<readonly (StatePlace & { readonly shard: number })[]>>
>();
const RUNS_KEPT = 8;

function placesOf(
  runId: string,
  { ledger }: NightPorts,
): Promise<readonly (StatePlace & { readonly shard: number })[]> {
  const known =
    PLACES.get(ledger) ??
    new Map<string, Promise<readonly (StatePlace & { readonly shard: number })[]>>();
  PLACES.set(ledger, known);
  let places = known.get(runId);
  if (places === undefined) {
    places = ledger.shards(runId, 'forecast').then((shards) =>
      shards.flatMap(({ shard, result }) => {
        const place = (result as unknown as { readonly state?: StatePlace } | undefined)?.state;
        return place === undefined ? [] : [{ shard, ...place }];
      }),
    );
    if (known.size >= RUNS_KEPT) known.clear();
    known.set(runId, places);
    places.catch(() => known.delete(runId));
  }
  return places;
}

export function placeOf(vmIndexes: Uint32Array): StatePlace {
  const [firstVmIndex, lastVmIndex] = rangeOf(vmIndexes);
  return { firstVmIndex: vmIndexes.length === 0 ? 0 : firstVmIndex, lastVmIndex };
}
