// What is to be trained, asked for by people and by the calendar; whoever plays the trainer takes the oldest.
import type { EpochMs } from '../../core';

export const ORDER_STATES = ['open', 'done', 'failed'] as const;
export type OrderState = (typeof ORDER_STATES)[number];

/** What came of one model of an order. */
export interface OrderResult {
  readonly name: string;
  readonly stepSec: number;
  readonly modelId: string;
  readonly promoted: boolean;
  /** Why the gate was closed; empty where it was open. */
  readonly reasons: readonly string[];
}

export interface TrainingOrder {
  readonly orderId: string;
  readonly names: readonly string[];
  readonly stepSecs: readonly number[];
  readonly seed: number;
  /** What lies after its last full hour is not read. */
  readonly atMs: EpochMs;
  /** Whether a version that passes the gate becomes the champion at once. */
  readonly promote: boolean;
  readonly who: string;
  readonly why: string;
  readonly requestedMs: EpochMs;
  readonly state: OrderState;
  /** How often somebody took it. */
  readonly attempts: number;
  readonly endedMs?: EpochMs;
  readonly failure?: string;
  readonly results?: readonly OrderResult[];
}

export type NewOrder = Omit<
  TrainingOrder,
  'state' | 'attempts' | 'endedMs' | 'failure' | 'results'
>;

export type OrderEnd = Pick<TrainingOrder, 'failure' | 'results'> & {
  readonly state: Exclude<OrderState, 'open'>;
  readonly endedMs: EpochMs;
};

/** Twins: memory and PostgreSQL. */
export abstract class TrainingOrders {
  /** A second order of the same id changes nothing. */
  abstract add(tenantId: string, order: NewOrder): Promise<void>;

  /** Newest first. */
  abstract list(tenantId: string, limit: number): Promise<readonly TrainingOrder[]>;

  /**
   * The oldest open order of any tenant, with one attempt more. It stays open until it is ended: after a
   * crash the next trainer takes it again.
   */
  abstract take(): Promise<
    { readonly tenantId: string; readonly order: TrainingOrder } | undefined
  >;

  /** The first end counts. */
  abstract end(tenantId: string, orderId: string, end: OrderEnd): Promise<void>;
}
