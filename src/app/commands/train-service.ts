// `slackwater train` without --data: a running service trains on its own history, into its registry.
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, formatInstant, type EpochMs } from '../../core';
import type { OrderResult, TrainingOrder } from '../../predict';
import { RestClient, type ServiceOptions } from '../client/rest-client';
import { startProgress } from '../progress';
import { alignedTable, type Column } from '../table';

export interface ServiceTraining extends ServiceOptions {
  readonly names: readonly string[];
  /** Both where it is absent. */
  readonly stepSec?: number;
  readonly seed: number;
  readonly until?: EpochMs;
  readonly promote: boolean;
  readonly output: string;
}

const POLL_MS = 500;

const COLUMNS: readonly Column<OrderResult>[] = [
  { head: 'model', cell: ({ name, stepSec }) => `${name}-${stepSec}` },
  { head: 'id', cell: ({ modelId }) => modelId },
  { head: 'gate', cell: ({ reasons }) => (reasons.length === 0 ? 'open' : reasons.join('; ')) },
  { head: 'now', cell: ({ promoted }) => (promoted ? 'champion' : 'challenger') },
];

/** Orders the training and waits for its end. Throws what the service answers, INTERNAL when it failed. */
export async function trainService(training: ServiceTraining): Promise<void> {
  const { names, stepSec, seed, until, promote } = training;
  const client = RestClient.of(training);
  let order = await client.json<TrainingOrder>('/v1/trainings', 'POST', {
    models: names,
    seed,
    promote,
    why: 'slackwater train',
    ...(stepSec !== undefined && { steps: [stepSec] }),
    ...(until !== undefined && { at: formatInstant(until) }),
  });
  const progress = startProgress('Training', undefined);
  while (order.state === 'open') {
    progress.update(0, order.attempts === 0 ? 'waiting for the trainer' : 'the service trains');
    await sleep(POLL_MS);
    order = await client.json<TrainingOrder>(`/v1/trainings/${order.orderId}`);
  }
  const { failure, results = [] } = order;
  if (failure !== undefined) throw new DomainError('INTERNAL', `the training failed: ${failure}`);
  progress.end(`${results.length} models`);
  const text = JSON.stringify(order);
  process.stdout.write(training.output === 'json' ? `${text}\n` : alignedTable(COLUMNS, results));
}
