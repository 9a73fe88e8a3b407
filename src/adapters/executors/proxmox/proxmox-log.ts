// The log of a Proxmox migration task, read for what only it tells: the pause, the bytes, why not.

export interface MigrationLog {
  /** The memory went over; what came after it may still have failed. */
  readonly copied: boolean;
  readonly totalTimeMs?: number;
  readonly downtimeMs?: number;
  readonly bytesSent?: number;
  /** Proxmox doubles the limit until it converges: the last one, in ms. */
  readonly raisedLimitMs?: number;
  readonly target?: string;
  readonly errors: readonly string[];
}

const UNITS: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
/** The last line of progress stands for all bytes where it came in the last tenth of the copy. */
const LATE_SHARE_MAX = 0.1;
const ERRORS_KEPT = 6;

export function readMigrationLog(lines: readonly string[]): MigrationLog {
  const first = (pattern: RegExp): RegExpExecArray | undefined =>
    lines.map((line) => pattern.exec(line)).find((found) => found !== null) ?? undefined;
  const last = (pattern: RegExp): RegExpExecArray | undefined =>
    lines.map((line) => pattern.exec(line)).findLast((found) => found !== null) ?? undefined;
  const duration = last(/migration finished .*\(duration (\d+):(\d+):(\d+)\)/);
  const [hours, minutes, seconds] = (duration?.slice(1) ?? []).map(Number);
  const totalSec = duration === undefined ? 0 : (hours * 60 + minutes) * 60 + seconds;
  return {
    copied: last(/migration status: completed/) !== undefined,
    totalTimeMs: totalSec * 1_000 || undefined,
    // "downtime 0 ms" is what Proxmox writes where QEMU told none.
    downtimeMs: Number(last(/migration speed: .* - downtime (\d+) ms/)?.[1]) || undefined,
    bytesSent: bytesIn(lines),
    raisedLimitMs:
      Number(last(/auto-increased downtime to continue migration: (\d+) ms/)?.[1]) || undefined,
    target: first(/starting migration of VM \d+ to node '([^']+)'/)?.[1],
    errors: lines.filter((line) => /\bERROR\b|error:|fail/i.test(line)).slice(-ERRORS_KEPT),
  };
}

/** "1.5 GiB" -> bytes; undefined where it is no size. */
export function bytesOfSize(text: string): number | undefined {
  const found = /^(\d+(?:\.\d+)?) ([KMGT]iB|B)$/.exec(text);
  return found === null ? undefined : Math.round(Number(found[1]) * UNITS[found[2]]);
}

function bytesIn(lines: readonly string[]): number | undefined {
  let startedMs = Number.NaN;
  let copiedMs = Number.NaN;
  let latest: { readonly bytes: number | undefined; readonly atMs: number } | undefined;
  for (const line of lines) {
    const atMs = timeOf(line);
    if (line.includes('start migrate command to')) startedMs = atMs;
    if (line.includes('migration status: completed')) copiedMs = atMs;
    const whole = /migration completed, transferred ([\d.]+ \w+)/.exec(line);
    if (whole !== null) return bytesOfSize(whole[1]) || undefined;
    const active = /migration active, transferred ([\d.]+ \w+) of/.exec(line);
    if (active !== null) latest = { bytes: bytesOfSize(active[1]), atMs };
    const old = /migration status: active \(transferred (\d+),/.exec(line);
    if (old !== null) latest = { bytes: Number(old[1]), atMs };
  }
  if (latest === undefined) return undefined;
  const missing = (copiedMs - latest.atMs) / (copiedMs - startedMs);
  return missing >= 0 && missing <= LATE_SHARE_MAX ? latest.bytes || undefined : undefined;
}

/** Local time of the node: only differences mean something. */
function timeOf(line: string): number {
  const found = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) /.exec(line);
  return found === null ? Number.NaN : Date.parse(`${found[1]}T${found[2]}Z`);
}
