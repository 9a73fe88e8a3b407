// The trainer: models of the fleet on order, and once a week by itself; never while a night runs.
import { DAY_MS, DomainError, hashId, MINUTE_MS, type EpochMs } from '../../core';
import { USUAL_FLEET_MODELS } from '../../models';
import {
  FIVE_MINUTE,
  HOURLY,
  trainVersions,
  type TrainedVersion,
  type TrainingOrder,
} from '../../predict';
import type { Service } from '../composition/service';
import { CODE_VERSION } from '../version';

const LOOK_EVERY_MS = MINUTE_MS;
const ATTEMPTS_MAX = 3; // processes that may die while they train the same order
const RETRY_DAYS = 1; // a failed weekly training is tried again the next day
const SEED = 1;
/** Who ordered what the calendar orders. */
export const CALENDAR = 'calendar';
export const NIGHT_STEPS: readonly number[] = [HOURLY.stepMs / 1_000, FIVE_MINUTE.stepMs / 1_000];

export function trainerRole(service: Service): (signal: AbortSignal) => Promise<void> {
  let lookedMs = Number.NEGATIVE_INFINITY;
  return async (signal) => {
    const nowMs = service.clock.nowMs();
    if (nowMs - lookedMs >= LOOK_EVERY_MS) {
      await orderWhenDue(service, nowMs);
      lookedMs = nowMs;
    }
    if ((await service.ports.ledger.running()).length > 0) return;
    const taken = await service.trainings.take();
    if (taken !== undefined) await trainOrder(service, taken.tenantId, taken.order, signal);
  };
}

/** The first night is an operator's decision, and so is everything where nights are not started by the clock. */
async function orderWhenDue(service: Service, nowMs: EpochMs): Promise<void> {
  const { TENANT: tenantId, TRAIN_EVERY_DAYS, TRAIN_PROMOTE, NIGHT_AT } = service.config;
  if (TRAIN_EVERY_DAYS === 0 || NIGHT_AT === 'off') return;
  const newest = await service.ports.ledger.published(tenantId);
  if (newest === undefined) return;
  const orders = await service.trainings.list(tenantId, LIST_MAX);
  const last = orders.find((order) => order.who === CALENDAR);
  if (last?.state === 'open') return;
  const days = last?.state === 'failed' ? RETRY_DAYS : TRAIN_EVERY_DAYS;
  if (last !== undefined && nowMs - last.requestedMs < days * DAY_MS) return;
  await service.trainings.add(tenantId, {
    orderId: hashId(CALENDAR, tenantId, newest.runId),
    names: USUAL_FLEET_MODELS,
    stepSecs: NIGHT_STEPS,
    seed: SEED,
    atMs: newest.plan.cutoffMs,
    promote: TRAIN_PROMOTE === 'gate',
    who: CALENDAR,
    why: `every ${TRAIN_EVERY_DAYS} days`,
    requestedMs: nowMs,
  });
}

const LIST_MAX = 50;

async function trainOrder(
  service: Service,
  tenantId: string,
  order: TrainingOrder,
  signal: AbortSignal,
): Promise<void> {
  const { trainings, clock, log, metrics } = service;
  const { orderId, names, stepSecs, seed, attempts } = order;
  const about = { tenantId, orderId, names, stepSecs, seed };
  const end = async (failure: string): Promise<void> => {
    metrics.trainings.inc({ outcome: 'failed' });
    log.warn({ ...about, failure }, 'the training failed');
    await trainings.end(tenantId, orderId, { state: 'failed', endedMs: clock.nowMs(), failure });
  };
  if (attempts > ATTEMPTS_MAX) {
    await end(`${ATTEMPTS_MAX} processes ended while they trained it`);
    return;
  }
  log.info({ ...about, attempt: attempts }, 'training starts');
  const began = clock.monotonicMs();
  try {
    const made = await train(service, tenantId, order, signal);
    const seconds = (clock.monotonicMs() - began) / 1_000;
    metrics.trainings.inc({ outcome: 'done' });
    for (const one of made) log.info({ ...about, ...toldOf(one), seconds }, 'a model was trained');
    const results = made.map(toldOf);
    await trainings.end(tenantId, orderId, { state: 'done', endedMs: clock.nowMs(), results });
  } catch (error) {
    if (signal.aborted) return; // the order stays open for the next trainer
    if (error instanceof DomainError && error.retry) throw error; // an outage: the role tries again
    await end(error instanceof Error ? error.message : String(error));
  }
}

function train(
  service: Service,
  tenantId: string,
  { names, stepSecs, seed, atMs, promote, who, why }: TrainingOrder,
  signal: AbortSignal,
): Promise<readonly TrainedVersion[]> {
  const { models: registry, kernels, ports } = service;
  return trainVersions(
    {
      tenantId,
      names,
      stepSecs,
      seed,
      atMs,
      promote,
      who,
      why,
      kernels,
      codeVersion: CODE_VERSION,
      onModel: () => signal.throwIfAborted(), // between two models, some seconds apart
    },
    { ...ports, registry },
  );
}

function toldOf({ version, verdict, promoted }: TrainedVersion) {
  const { name, stepSec, modelId } = version;
  return { name, stepSec, modelId, promoted, reasons: verdict.reasons };
}
