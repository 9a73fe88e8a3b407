// Training orders in PostgreSQL, over all tenants for the trainer.
import {
  TrainingOrders,
  type NewOrder,
  type OrderEnd,
  type OrderResult,
  type OrderState,
  type TrainingOrder,
} from '../../predict';
import type { Database } from './database';

interface OrderRow {
  readonly tenant_id: string;
  readonly order_id: string;
  readonly about: Omit<NewOrder, 'orderId' | 'requestedMs'>;
  readonly requested_ms: number;
  readonly state: OrderState;
  readonly attempts: number;
  readonly ended_ms: number | null;
  readonly failure: string | null;
  readonly results: readonly OrderResult[] | null;
}

export class PostgresTrainingOrders extends TrainingOrders {
  constructor(private readonly database: Database) {
    super();
  }

  override async add(tenantId: string, order: NewOrder): Promise<void> {
    const { orderId, requestedMs, ...about } = order;
    await this.database.withTenant(tenantId, (client) =>
      client.query(
        `INSERT INTO training_order (tenant_id, order_id, about, requested_ms)
         VALUES ($1, $2, $3, $4) ON CONFLICT (tenant_id, order_id) DO NOTHING`,
        [tenantId, orderId, JSON.stringify(about), requestedMs],
      ),
    );
  }

  override list(tenantId: string, limit: number): Promise<readonly TrainingOrder[]> {
    return this.database.withTenant(tenantId, async (client) => {
      const { rows } = await client.query<OrderRow>(
        'SELECT * FROM training_order ORDER BY requested_ms DESC, order_id DESC LIMIT $1',
        [limit],
      );
      return rows.map(orderOf);
    });
  }

  override take() {
    return this.database.withEveryTenant(async (client) => {
      const { rows } = await client.query<OrderRow>(
        `UPDATE training_order SET attempts = attempts + 1
         WHERE (tenant_id, order_id) = (
           SELECT tenant_id, order_id FROM training_order WHERE state = 'open'
           ORDER BY requested_ms, order_id LIMIT 1)
         RETURNING *`,
      );
      if (rows.length === 0) return undefined;
      return { tenantId: rows[0].tenant_id, order: orderOf(rows[0]) };
    });
  }

  override async end(tenantId: string, orderId: string, end: OrderEnd): Promise<void> {
    const { state, endedMs, failure, results } = end;
    await this.database.withTenant(tenantId, (client) =>
      client.query(
        `UPDATE training_order SET state = $2, ended_ms = $3, failure = $4, results = $5
         WHERE order_id = $1 AND state = 'open'`,
        [
          orderId,
          state,
          endedMs,
          failure ?? null,
          results === undefined ? null : JSON.stringify(results),
        ],
      ),
    );
  }
}

function orderOf(row: OrderRow): TrainingOrder {
  return {
    ...row.about,
    orderId: row.order_id,
    requestedMs: row.requested_ms,
    state: row.state,
    attempts: row.attempts,
    ...(row.ended_ms !== null && { endedMs: row.ended_ms }),
    ...(row.failure !== null && { failure: row.failure }),
    ...(row.results !== null && { results: row.results }),
  };
}
