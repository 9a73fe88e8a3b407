// Training orders of one process: unit tests.
import { TrainingOrders, type NewOrder, type OrderEnd, type TrainingOrder } from '../../predict';

export class MemoryTrainingOrders extends TrainingOrders {
  private readonly orders = new Map<string, { readonly tenantId: string; order: TrainingOrder }>();

  override async add(tenantId: string, order: NewOrder): Promise<void> {
    const key = keyOf(tenantId, order.orderId);
    if (this.orders.has(key)) return;
    this.orders.set(key, { tenantId, order: { ...order, state: 'open', attempts: 0 } });
  }

  override async list(tenantId: string, limit: number): Promise<readonly TrainingOrder[]> {
    return [...this.orders.values()]
      .filter((one) => one.tenantId === tenantId)
      .map((one) => one.order)
      .toSorted((a, b) => -byAge(a, b))
      .slice(0, limit);
  }

  override async take() {
    const [oldest] = [...this.orders.values()]
      .filter((one) => one.order.state === 'open')
      .toSorted((a, b) => byAge(a.order, b.order));
    if (oldest === undefined) return undefined;
    oldest.order = { ...oldest.order, attempts: oldest.order.attempts + 1 };
    return { ...oldest };
  }

  override async end(tenantId: string, orderId: string, end: OrderEnd): Promise<void> {
    const found = this.orders.get(keyOf(tenantId, orderId));
    if (found?.order.state === 'open') found.order = { ...found.order, ...end };
  }
}

function keyOf(tenantId: string, orderId: string): string {
  return `${tenantId} ${orderId}`;
}

function byAge(a: TrainingOrder, b: TrainingOrder): number {
  return a.requestedMs - b.requestedMs || (a.orderId < b.orderId ? -1 : 1);
}
