// The service's REST interface as the page uses it; the same one that everybody else has.
import { forgetToken, token } from './token';

/** A problem (RFC 9457) as the service answered it. */
export class ApiProblem extends Error {
  constructor(
    readonly status: number,
    readonly detail: string,
    readonly remedy: string,
  ) {
    super(detail);
  }
}

export interface StageProgress {
  readonly stage: string;
  readonly shards: number;
  readonly done: number;
  readonly failed: number;
}

export interface RunView {
  readonly runId: string;
  readonly runDate: string;
  readonly attempt: number;
  readonly status: 'running' | 'published' | 'failed';
  readonly startedMs: number;
  readonly endedMs?: number;
  readonly failure?: string;
  readonly progress?: readonly StageProgress[];
}

export interface FleetView {
  readonly timeZone: string;
  readonly vmCount: number;
  readonly windowCount: number;
  readonly vmsWithWindows: number;
  readonly cutoffMs?: number;
  readonly run?: RunView;
  readonly load?: {
    readonly stepMs: number;
    readonly actualStartMs: number;
    readonly actualPct: readonly (number | null)[];
    readonly forecastStartMs: number;
    readonly forecastPct: readonly (number | null)[];
    readonly lowPct: readonly (number | null)[];
    readonly highPct: readonly (number | null)[];
  };
  readonly models: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly errors: readonly {
    readonly resolution: string;
    readonly model: string;
    readonly pinballPct: number;
    readonly relativeToSeasonalNaive: number;
  }[];
  readonly abstentions: readonly { readonly reason: string; readonly count: number }[];
  readonly meanLoadPct?: {
    readonly now: number;
    readonly random: number;
    readonly '02:00': number;
    readonly chosen: number;
  };
  readonly feed: { readonly stopped: boolean; readonly position: number };
}

export interface VmRow {
  readonly vmId: string;
  readonly host?: string;
  readonly cluster?: string;
  readonly vcpus?: number;
  readonly memoryBytes?: number;
  readonly model?: string;
  readonly policy: string;
  readonly abstention?: string;
  readonly nextWindow?: { readonly notBeforeMs: number; readonly loadPct: number };
}

export interface WindowItem {
  readonly rank: number;
  readonly notBeforeMs: number;
  readonly latestStartMs: number;
  readonly notAfterMs: number;
  readonly loadPct: {
    readonly mean: number;
    readonly p05: number;
    readonly p50: number;
    readonly p95: number;
  };
  readonly baselineLoadPct: number;
  readonly cost: {
    readonly totalTimeMs: { readonly p50: number; readonly p95: number };
    readonly downtimeMs: { readonly p50: number; readonly p95: number };
    readonly bytesSent: { readonly p50: number; readonly p95: number };
    readonly successProb: number;
    readonly dirtySource: string;
  };
  readonly confidence: number;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly advice: { readonly mode: string; readonly cause: string };
}

export interface WindowsDocument {
  readonly vmId: string;
  readonly revision: number;
  readonly runDate: string;
  readonly cutoffMs: number;
  readonly reason?: string;
  readonly models?: Readonly<Record<string, string>>;
  readonly windows: readonly WindowItem[];
}

export interface ForecastView {
  readonly startMs: number;
  readonly stepMs: number;
  readonly mean: readonly number[];
  readonly quantiles: Readonly<Record<string, readonly number[]>>;
  readonly model: string;
}

export interface HistoryView {
  readonly startMs: number;
  readonly stepMs: number;
  readonly values: readonly (number | null)[];
}

export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const response = await fetch(path, {
    ...init,
    headers: { ...init.headers, authorization: `Bearer ${token() ?? ''}` },
  });
  if (response.ok) return response;
  if (response.status === 401) forgetToken();
  const problem = (await response.json().catch(() => ({}))) as { detail?: string; remedy?: string };
  throw new ApiProblem(
    response.status,
    problem.detail ?? `the service answered ${response.status}`,
    problem.remedy ?? 'Look at the log of the service.',
  );
}

export async function get<T>(path: string): Promise<T> {
  return (await request(path)).json() as Promise<T>;
}

export async function send<T>(method: 'POST' | 'PUT', path: string, body: unknown): Promise<T> {
  const response = await request(path, {
    method,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json() as Promise<T>;
}

export function vmPath(vmId: string, part = ''): string {
  return `v1/vms/${encodeURIComponent(vmId)}${part}`;
}
