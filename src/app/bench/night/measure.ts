// What a night costs: CPU and memory of this process and PostgreSQL's, garbage collection, time in each part.
import { readdirSync, readFileSync } from 'node:fs';
import { PerformanceObserver } from 'node:perf_hooks';

const TICKS_PER_SECOND = 100; // USER_HZ on Linux
const SAMPLE_EVERY_MS = 200;
const PAGE_BYTES = 4_096;

interface ProcessUse {
  readonly cpuSeconds: number;
  readonly rssBytes: number;
}

/** Of the process `root` and its children: PostgreSQL forks one level. Linux only; zeros elsewhere. */
export function useOfTree(root: number): ProcessUse {
  let [ticks, pages] = [0, 0];
  for (const name of processes()) {
    const stat = read(`/proc/${name}/stat`);
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(name) !== root && Number(fields[1]) !== root) continue;
    // utime, stime, and those of children that have ended: proc(5)
    ticks += [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at] ?? 0), 0);
    pages += Number(fields[21] ?? 0);
  }
  return { cpuSeconds: ticks / TICKS_PER_SECOND, rssBytes: pages * PAGE_BYTES };
}

function processes(): readonly string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return []; // no /proc: another system
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // the process has ended meanwhile
  }
}

/** CPU, memory peak, and garbage collection from `begin` on. */
export class Meter {
  private gcMs = 0;
  private rssPeakBytes = 0;
  private cpuBefore = 0;
  private readonly observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) this.gcMs += entry.duration;
  });
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly serverPid: number) {}

  begin(): void {
    this.observer.observe({ entryTypes: ['gc'] });
    this.timer = setInterval(() => this.sample(), SAMPLE_EVERY_MS);
    this.cpuBefore = this.cpuSeconds();
  }

  end() {
    this.sample();
    clearInterval(this.timer);
    this.observer.disconnect();
    const cpuSeconds = this.cpuSeconds() - this.cpuBefore;
    return { cpuSeconds, gcSeconds: this.gcMs / 1_000, rssPeakBytes: this.rssPeakBytes };
  }

  /** Of all processes since the start of each. */
  cpuSeconds(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6 + useOfTree(this.serverPid).cpuSeconds;
  }

  private sample(): void {
    const all = process.memoryUsage.rss() + useOfTree(this.serverPid).rssBytes;
    this.rssPeakBytes = Math.max(this.rssPeakBytes, all);
  }
}

/** Seconds spent inside the methods of what it wraps, by name: one worker's waiting included. */
export class Stopwatch {
  readonly seconds: Record<string, number> = {};

  wrap<T extends object>(name: string, target: T, methods?: readonly string[]): T {
    const add = (ms: number): void => {
      this.seconds[name] = (this.seconds[name] ?? 0) + ms / 1_000;
    };
    return new Proxy(target, {
      get: (of, key) => {
        const value: unknown = Reflect.get(of, key, of);
        if (typeof value !== 'function') return value;
        const method = value.bind(of) as (...args: unknown[]) => unknown;
        if (methods !== undefined && !methods.includes(String(key))) return method;
        return (...args: unknown[]): unknown => {
          const began = performance.now();
          const result = method(...args);
          if (!(result instanceof Promise)) {
            add(performance.now() - began);
            return result;
          }
          return result.finally(() => add(performance.now() - began));
        };
      },
    });
  }
}
