// What all TrainingOrders promise; stores know the tenants 'north' and 'south'.
import type { NewOrder, OrderResult, TrainingOrders } from '../../src/predict';

export function orderOf(orderId: string, requestedMs: number): NewOrder {
  return {
    orderId,
    names: ['boosted', 'lstm'],
    stepSecs: [300, 3_600],
    seed: 4,
    atMs: 90,
    promote: true,
    who: 'operator',
    why: 'new hosts',
    requestedMs,
  };
}

export function trainingOrdersConformance(name: string, open: () => Promise<TrainingOrders>): void {
  describe(`${name} as TrainingOrders`, () => {
    let orders: TrainingOrders;
    beforeEach(async () => {
      orders = await open();
    });

    it('lists the newest first, each tenant its own, and keeps the first of one id', async () => {
      await orders.add('north', orderOf('a', 1));
      await orders.add('north', orderOf('b', 2));
      await orders.add('north', orderOf('a', 9));
      await orders.add('south', orderOf('c', 3));
      expect(await orders.list('north', 9)).toEqual([
        { ...orderOf('b', 2), state: 'open', attempts: 0 },
        { ...orderOf('a', 1), state: 'open', attempts: 0 },
      ]);
      expect(await orders.list('north', 1)).toHaveLength(1);
    });

    it('gives out the oldest of any tenant, again until it is ended, and counts how often', async () => {
      await orders.add('south', orderOf('x', 2));
      await orders.add('north', orderOf('y', 1));
      expect(await orders.take()).toMatchObject({ tenantId: 'north', order: { attempts: 1 } });
      expect(await orders.take()).toMatchObject({ tenantId: 'north', order: { attempts: 2 } });
      await orders.end('north', 'y', { state: 'failed', endedMs: 5, failure: 'too short' });
      expect(await orders.take()).toMatchObject({ tenantId: 'south', order: { orderId: 'x' } });
      await orders.end('south', 'x', { state: 'done', endedMs: 6, results: [] });
      expect(await orders.take()).toBeUndefined();
    });

    it('keeps the first end, and ends nothing of another tenant', async () => {
      await orders.add('north', orderOf('a', 1));
      const result: OrderResult = {
        name: 'boosted',
        stepSec: 300,
        modelId: 'a'.repeat(32),
        promoted: false,
        reasons: ['it is worse'],
      };
      await orders.end('south', 'a', { state: 'failed', endedMs: 2, failure: 'not mine' });
      await orders.end('north', 'a', { state: 'done', endedMs: 3, results: [result] });
      await orders.end('north', 'a', { state: 'failed', endedMs: 4, failure: 'too late' });
      expect(await orders.list('north', 1)).toEqual([
        { ...orderOf('a', 1), state: 'done', attempts: 0, endedMs: 3, results: [result] },
      ]);
    });
  });
}
