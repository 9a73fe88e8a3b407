// Outcomes, windows, and claims as tests need them.
import type { Claim, Outcome, OutcomeRecord } from '../../../src/migration';

export const COST: Claim['cost'] = {
  totalTimeMs: { p50: 10_000, p95: 20_000 },
  downtimeMs: { p50: 200, p95: 400 },
  bytesSent: { p50: 2e9, p95: 4e9 },
  converges: true,
  successProb: 0.9,
  dirtySource: 'prior',
};

export const CLAIM: Claim = {
  vmId: 'v',
  token: 1,
  windowId: 'w1',
  rank: 1,
  executor: 'e-1',
  state: 'held',
  leaseUntilMs: 1_060_000,
  cutoffMs: 900_000,
  notBeforeMs: 1_000_000,
  latestStartMs: 2_000_000,
  notAfterMs: 2_020_000,
  cost: COST,
};

export const OUTCOME: Outcome = {
  id: 'o-1',
  windowId: 'w1',
  rank: 1,
  vmId: 'v',
  executor: 'e-1',
  kind: 'qemu',
  status: 'completed',
  startedAtMs: 1_100_000,
  endedAtMs: 1_112_000,
  totalTimeMs: 12_000,
  downtimeMs: 150,
  bytesSent: 2.1e9,
};

export function recordOf(outcome: Partial<Outcome> = {}): OutcomeRecord {
  const judgement = { flags: [], unknown: [], learned: true, notes: [] };
  return { outcome: { ...OUTCOME, ...outcome }, judgement };
}
