// Last night as the measured night finds it: a real night of the shapes' VMs, its state laid out for all.
import type { PostgresWindowStore } from '../../../adapters/postgres';
import { DAY_MS, DEFAULT_TENANT, type EpochMs, type Json } from '../../../core';
import { textColumn } from '../../../kernels';
import {
  decodeState,
  encodeState,
  resolutionsOf,
  runNight,
  shardRanges,
  startRun,
  stateKey,
  type NightPorts,
  type NightState,
  type RunRequest,
} from '../../../predict';
import { SHAPES_MAX } from './store-fleet';

/** Publishes the night of the day before `request`; not timed. */
export async function publishLastNight(
  request: RunRequest,
  /** Of the shapes' VMs alone, on the same segments; its stores are thrown away. */
  small: NightPorts,
  ports: NightPorts,
  windows: PostgresWindowStore,
): Promise<void> {
  const atMs: EpochMs = request.atMs - DAY_MS;
  const learned = await runNight({ ...request, atMs, shardSize: SHAPES_MAX }, small, {
    workers: 1,
    worker: { name: 'last-night' },
  });
  await small.queue.close();
  const { run } = await startRun({ ...request, atMs }, ports);
  const ranges = shardRanges(run.plan.vmCount, run.plan.shardSize);
  await ports.ledger.planStage(run.runId, 'forecast', ranges);
  const resolutions = resolutionsOf(run.plan);
  const states: NightState[] = [];
  for (const resolution of resolutions) {
    states.push(decodeState(await small.objects.get(stateKey(learned.runId, resolution, 0))));
  }
  for (const [shard, { firstVm, vmCount }] of ranges.entries()) {
    for (const [at, resolution] of resolutions.entries()) {
      const state = tiled(states[at], firstVm, vmCount);
      await ports.objects.put(stateKey(run.runId, resolution, shard), encodeState(state));
    }
    const lease = await ports.ledger.lease(run.runId, 'forecast', shard, 'bench', 0, 60_000);
    const state = { firstVmIndex: firstVm, lastVmIndex: firstVm + vmCount - 1 };
    if (lease !== undefined) await ports.ledger.complete(lease, { state } as Json);
    const vmIds = await ports.ledger.vmIds(run.runId, firstVm, vmCount);
    const column = textColumn(vmIds);
    await windows.stage(run.runId, shard, {
      count: vmCount,
      vmIds: column,
      ids: column,
      revisions: new Int32Array(vmCount).fill(1),
      texts: column,
    });
  }
  await windows.publish(DEFAULT_TENANT, run.runId, {}, atMs);
}

/** Row r of the result is row (firstVm + r) modulo the state's rows. */
function tiled(state: NightState, firstVm: number, vmCount: number): NightState {
  const rows = state.vmIndex.length;
  const rowOf = new Int32Array(rows);
  state.vmIndex.forEach((vmIndex, row) => (rowOf[vmIndex] = row));
  const tile = <T extends Float64Array | Float32Array | Uint16Array | Uint8Array>(
    source: T,
    target: T,
  ): T => {
    const width = source.length / rows;
    for (let row = 0; row < vmCount; row += 1) {
      const from = rowOf[(firstVm + row) % rows] * width;
      target.set(source.subarray(from, from + width) as never, row * width);
    }
    return target;
  };
  const room = (source: { readonly length: number }): number => (source.length / rows) * vmCount;
  return {
    ...state,
    vmIndex: Int32Array.from({ length: vmCount }, (_, row) => firstVm + row),
    nights: tile(state.nights, new Float64Array(room(state.nights))),
    losses: tile(state.losses, new Float32Array(room(state.losses))),
    relative: tile(state.relative, new Float32Array(room(state.relative))),
    centi: tile(state.centi, new Uint16Array(room(state.centi))),
    own: tile(state.own, new Float64Array(room(state.own))),
    said: tile(state.said, new Uint16Array(room(state.said))),
    arimaOrders: tile(state.arimaOrders, new Uint8Array(room(state.arimaOrders))),
    arimaFits: tile(state.arimaFits, new Float64Array(room(state.arimaFits))),
  };
}
