import { settledUntil, type PartitionProgress } from '../../src/ingest';

function at(partition: number, nextOffset: number, watermarkMs?: number): PartitionProgress {
  return {
    source: 'log',
    partition,
    nextOffset,
    ...(watermarkMs !== undefined && { watermarkMs }),
  };
}

it('waits for every partition at the first look after a start', () => {
  expect(settledUntil([], [at(0, 9, 700), at(1, 5, 300)])).toBe(300);
});

it('waits for the slowest of those that moved, not for one that stands still', () => {
  const before = [at(0, 9, 700), at(1, 5, 300), at(2, 1, 100)];
  expect(settledUntil(before, [at(0, 12, 900), at(1, 6, 400), at(2, 1, 100)])).toBe(400);
});

it('waits for nothing where nothing moves, and for ever where no instant is known yet', () => {
  expect(settledUntil([], [])).toBe(Number.POSITIVE_INFINITY);
  expect(settledUntil([at(0, 9, 700)], [at(0, 9, 700)])).toBe(Number.POSITIVE_INFINITY);
  expect(settledUntil([], [at(0, 0), at(1, 5, 300)])).toBe(Number.NEGATIVE_INFINITY);
});
