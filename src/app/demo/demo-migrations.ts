// Two real migrations of the demo: one in a good window, one at a bad moment, predicted and measured.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { FileJournal, QemuExecutor } from '../../adapters/executors';
import { DomainError, HOUR_MS, SystemClock, type EpochMs } from '../../core';
import { loadShape, vmIdAt, type Fleet } from '../../ingest';
import {
  changePolicy,
  CostPredictor,
  executeWindow,
  openWindow,
  parseWindowContent,
  type PredictedCost,
  type StoredOutcome,
  type WindowContent,
} from '../../migration';
import { HOURLY, readVmForecasts } from '../../predict';
import { operatorTokenPath } from '../auth/operator-token';
import { RestClient } from '../client/rest-client';
import { RestWindowService } from '../client/rest-window-service';
import type { System } from '../composition/system';
import type { GuestSize } from './demo-night';
import { buildGuest, QemuPair, whyNoQemu } from './qemu-pair';

const MIB = 1_048_576;
const MEMORY_MIB = 256; // booted and copied in seconds, also without KVM
const USED_MIB = 154; // .6 of it, as the cost model assumes of a VM that nobody measured
export const GUEST_SIZE: GuestSize = { vcpus: 1, memoryBytes: MEMORY_MIB * MIB };
/** What the guests write: a busy database; 2.5 times the prior's 40 MB/s of a busy vCPU. */
const WRITTEN_PER_BUSY_VCPU = 100_000_000;
const PAGE_BYTES = 4_096;
const WORKING_SHARE = 0.7; // of the memory in use, as the cost model assumes
const BURST_MS = 10;
/** Time-stamp counters run at about the nominal clock: so many 1,000 cycles are a burst. */
const BURST_KILOCYCLES = 2_500 * BURST_MS;
const BOOT_MS = 1_500; // the guest fills its memory
const PIN_AHEAD_MS = 300;
const EXECUTOR = 'demo';
const DAYS_LOOKED_AT = 3;

export interface DemoMigration {
  readonly vmId: string;
  readonly moment: 'best window' | 'busiest hour';
  readonly atMs: EpochMs;
  readonly loadPct: number;
  readonly predicted: Pick<PredictedCost, 'totalTimeMs' | 'downtimeMs' | 'bytesSent'>;
  readonly outcome: StoredOutcome['outcome'];
}

/** Throws REQUEST_INVALID with what is to be installed. Called before any work. */
export function refuseWithoutQemu(): void {
  const why = whyNoQemu();
  if (why === undefined) return;
  throw new DomainError('REQUEST_INVALID', `--migrate migrates real guests: ${why}`);
}

/** Numbers of the two VMs whose days swing most: a window matters to them. O(VMs x hours). */
export function guestVms(fleet: Fleet, endMs: EpochMs): readonly [number, number] {
  const swings = Array.from({ length: fleet.vmCount }, (_, vm) => {
    const shape = loadShape(fleet, vm);
    const hours = Array.from({ length: 24 }, (__, hour) => {
      let sum = 0;
      for (let day = 1; day <= DAYS_LOOKED_AT; day += 1) {
        sum += shape(Math.floor((endMs - day * 24 * HOUR_MS + hour * HOUR_MS) / 60_000));
      }
      return sum / DAYS_LOOKED_AT;
    });
    return { vm, swing: Math.min(100, Math.max(...hours)) - Math.min(...hours) };
  });
  const [first, second] = swings.toSorted((a, b) => b.swing - a.swing || a.vm - b.vm);
  return [first.vm, second.vm];
}

/**
 * Of VMs of a published night. The guests do at once what their VMs would do at the moment; the
 * service sees a pinned window, a claim, a start, and an outcome, as of any executor.
 */
export async function demoMigrations(
  system: System,
  vmNumbers: readonly [number, number],
): Promise<readonly DemoMigration[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slackwater-demo-'));
  try {
    const image = buildGuest(folder);
    const moments = [
      await bestWindow(system, vmNumbers[0]),
      await busiestHour(system, vmNumbers[1]),
    ];
    const done: DemoMigration[] = [];
    for (const moment of moments) {
      done.push({ ...moment, outcome: await migrateNow(system, folder, image, moment) });
    }
    return done;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

type Moment = Omit<DemoMigration, 'outcome'>;

async function bestWindow(system: System, vmNumber: number): Promise<Moment> {
  const vmId = vmIdAt(vmNumber);
  const [window] = (await contentOf(system, vmId)).windows;
  if (window === undefined) throw new DomainError('INTERNAL', `VM '${vmId}' has no window`);
  const { notBeforeMs: atMs, loadPct, cost: predicted } = window;
  return { vmId, moment: 'best window', atMs, loadPct: loadPct.mean, predicted };
}

async function busiestHour(system: System, vmNumber: number): Promise<Moment> {
  const vmId = vmIdAt(vmNumber);
  const { cutoffMs } = await contentOf(system, vmId);
  const run = await system.ports.ledger.published(system.config.TENANT);
  const mean = run && (await readVmForecasts(run, [vmId], HOURLY, system.ports)).get(vmId)?.mean;
  if (mean === undefined) throw new DomainError('INTERNAL', `VM '${vmId}' has no forecast`);
  const day = mean.subarray(0, 24);
  const hour = day.indexOf(Math.max(...day));
  const loadPct = day[hour];
  const predicted = new CostPredictor().predict(GUEST_SIZE, loadPct, 'pre-copy');
  return { vmId, moment: 'busiest hour', atMs: cutoffMs + hour * HOUR_MS, loadPct, predicted };
}

async function contentOf(system: System, vmId: string): Promise<WindowContent> {
  const document = await system.windows.document(system.config.TENANT, vmId);
  if (document === undefined) throw new DomainError('INTERNAL', `VM '${vmId}' has no windows`);
  return parseWindowContent(document.text);
}

/** Pages a burst, so that this many bytes a second are written. */
function pagesOf(loadPct: number): number {
  const bytesPerMs = (WRITTEN_PER_BUSY_VCPU * Math.max(0, loadPct)) / 100 / 1_000;
  return Math.max(1, Math.round((bytesPerMs * BURST_MS) / PAGE_BYTES));
}

async function migrateNow(
  system: System,
  folder: string,
  image: string,
  { vmId, loadPct }: Moment,
): Promise<StoredOutcome['outcome']> {
  const pair = new QemuPair(image, {
    memoryMib: MEMORY_MIB,
    usedMib: USED_MIB,
    pages: Math.round((WORKING_SHARE * USED_MIB * MIB) / PAGE_BYTES),
    rate: pagesOf(loadPct),
    waitKilocycles: BURST_KILOCYCLES,
  });
  const executor = new QemuExecutor({ [vmId]: pair.vm });
  try {
    await pair.ready();
    await sleep(BOOT_MS);
    const { url, config, windows, clock, outcomes } = system;
    const client = RestClient.of({ url, tokenFile: operatorTokenPath(config.DATA_DIR) });
    const service = new RestWindowService(client, EXECUTOR);
    const notBeforeMs = clock.nowMs() + PIN_AHEAD_MS;
    const policy = { state: 'pinned', reason: 'the demo migrates it now', notBeforeMs } as const;
    const change = { tenantId: config.TENANT, vmId, nowMs: clock.nowMs() };
    await changePolicy(windows, { ...change, policy });
    await sleep(PIN_AHEAD_MS + 50);
    const content = await contentOf(system, vmId);
    const open = openWindow(content, clock.nowMs());
    if ('why' in open) throw new DomainError('INTERNAL', `VM '${vmId}': ${open.why}`);
    const journal = await FileJournal.at(join(folder, `${vmId}.journal`));
    const ports = {
      service,
      executor,
      journal,
      clock: new SystemClock(),
      sleep: (ms: number) => sleep(ms),
    };
    const settings = {
      name: EXECUTOR,
      leaseMs: 30_000,
      pollMs: 50,
      downtimeLimitMs: 300, // as the cost model assumes
      bandwidthBytesPerSec: 128 * MIB,
    };
    const { id } = await executeWindow(ports, settings, content, open.window);
    await journal.end();
    await changePolicy(windows, { ...change, nowMs: clock.nowMs(), policy: { state: 'auto' } });
    const stored = await outcomes.find(config.TENANT, id);
    if (stored === undefined) throw new DomainError('INTERNAL', `outcome '${id}' is gone`);
    return stored.outcome;
  } finally {
    await executor.close();
    await pair.end();
  }
}
