// Tonight's members: models of each series, and fleet models that were trained before.
import { QUANTILE_LEVELS } from '../core';
import {
  ARIMA,
  choiceBlocks,
  createForecaster,
  FittedArima,
  SEARCH_AGAIN,
  type Forecaster,
  type FittedForecaster,
  type MemberLosses,
} from '../models';
import { FIT_WIDTH, ORDER_WIDTH, STATUS_AT } from '../kernels';
import type { Run } from './ledger';
import type { NightPorts } from './night-ports';
import type { FoundState } from './night-state';
import { BOUNDS, HOURLY, type Resolution } from './night-settings';
import type { ModelPurpose } from './train-models';

export function namesOf(run: Run, resolution: Resolution): readonly string[] {
  return resolution.name === HOURLY.name ? run.plan.hourlyModels : run.plan.fiveMinuteModels;
}

/** Members, blocks, and levels that are judged: nights by their first day. */
export function judgedOf(
  run: Run,
  resolution: Resolution,
): Pick<MemberLosses, 'members' | 'blocks' | 'levels'> {
  const { stepsPerDay, horizon } = resolution;
  return {
    members: namesOf(run, resolution),
    blocks: choiceBlocks(Math.min(horizon, stepsPerDay), stepsPerDay),
    levels: QUANTILE_LEVELS,
  };
}

/** In the order of the plan. A fleet model is loaded, not fitted: its fit gives what was trained. */
export async function membersOf(
  run: Run,
  resolution: Resolution,
  ports: NightPorts,
  purpose: ModelPurpose,
): Promise<readonly Forecaster[]> {
  const { stepsPerDay, horizon } = resolution;
  const kernels = ports.kernels(run.plan.backend, run.plan.isa);
  const members: Forecaster[] = [];
  for (const name of namesOf(run, resolution)) {
    const trained = await ports.fleetModel?.(run, resolution, name, purpose);
    const { outside } = ports;
    const own = createForecaster(name, { kernels, stepsPerDay, horizon, bounds: BOUNDS, outside });
    members.push(trained === undefined ? own : trainedForecaster(own, trained));
  }
  return members;
}

function trainedForecaster(own: Forecaster, trained: FittedForecaster): Forecaster {
  const { name, scope } = own;
  return {
    name,
    scope,
    fit: () => Promise.resolve(trained),
    load: (state) => own.load(state),
  };
}

/** Nights in which the orders of all VMs are searched once. */
const SEARCH_NIGHTS = 7;
const DAY_MS = 86_400_000;

/** What ARIMA knew last night of tonight's rows, as a start; undefined where it is no member. */
export function warmArima(
  run: Run,
  name: string,
  resolution: Resolution,
  state: FoundState | undefined,
  ports: NightPorts,
): FittedForecaster | undefined {
  if (name !== ARIMA || state === undefined || state.arimaFits.length === 0) return undefined;
  const rowCount = state.vmIndex.length;
  const night = Math.floor(run.plan.cutoffMs / DAY_MS);
  const orders = state.arimaOrders.slice();
  for (let row = 0; row < rowCount; row += 1) {
    const due = (state.vmIndex[row] + night) % SEARCH_NIGHTS === 0;
    if (due || state.found[row] === 0) orders[row * ORDER_WIDTH + STATUS_AT] = SEARCH_AGAIN;
  }
  return new FittedArima(ports.kernels(run.plan.backend, run.plan.isa), {
    orders,
    fits: state.arimaFits,
    rowCount,
    seasonLength: resolution.stepsPerDay,
    fitEnd: 0,
    known: new Uint32Array(rowCount),
    abstained: new Uint8Array(rowCount),
    centre: new Float64Array(rowCount),
    unit: new Float64Array(rowCount),
    shape: new Float64Array(),
  });
}

/** Orders and fits of a fitted ARIMA; empty for any other model. */
export function arimaOf(fitted: FittedForecaster | undefined): {
  readonly arimaOrders: Uint8Array;
  readonly arimaFits: Float64Array;
} {
  if (!(fitted instanceof FittedArima))
    return { arimaOrders: new Uint8Array(), arimaFits: new Float64Array() };
  const { orders, fits, rowCount } = fitted.state;
  return {
    arimaOrders: orders.slice(0, rowCount * ORDER_WIDTH),
    arimaFits: fits.slice(0, rowCount * FIT_WIDTH),
  };
}
