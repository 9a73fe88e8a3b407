// What `virsh domjobinfo` prints, read in contract units.

export interface JobInfo {
  /** "None", "Unbounded", "Completed", "Failed", "Cancelled". */
  readonly type: string;
  readonly operation?: string;
  readonly elapsedMs?: number;
  readonly downtimeMs?: number;
  readonly bytesSent?: number;
  readonly iteration?: number;
}

const SIZES: Readonly<Record<string, number>> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  PiB: 2 ** 50,
};

/** Undefined where it is not that command's answer. */
export function readJobInfo(text: string): JobInfo | undefined {
  const rows = new Map<string, string>();
  for (const line of text.split('\n')) {
    const found = /^([A-Z][^:]*):\s+(.*?)\s*$/.exec(line);
    if (found !== null) rows.set(found[1], found[2]);
  }
  const type = rows.get('Job type');
  if (type === undefined) return undefined;
  const elapsedMs = millisecondsOf(rows.get('Time elapsed'));
  return {
    type,
    operation: rows.get('Operation'),
    elapsedMs,
    downtimeMs: downtimeOf(rows, elapsedMs),
    bytesSent: bytesOf(rows.get('Memory processed')) ?? bytesOf(rows.get('Data processed')),
    iteration: Number(rows.get('Iteration')) || undefined,
  };
}

/**
 * Between hosts whose clocks differ, the total is off by the difference, in either direction; the
 * one without network is not. A pause of 0, or longer than all, is none.
 */
function downtimeOf(
  rows: ReadonlyMap<string, string>,
  elapsedMs: number | undefined,
): number | undefined {
  const told = ['Total downtime', 'Downtime w/o network'].map((name) =>
    millisecondsOf(rows.get(name)),
  );
  return told.find((ms) => ms !== undefined && ms <= (elapsedMs ?? Infinity));
}

function millisecondsOf(text = ''): number | undefined {
  const found = /^(\d+)\s+ms$/.exec(text);
  return found === null ? undefined : Number(found[1]) || undefined;
}

function bytesOf(text = ''): number | undefined {
  const found = /^(\d+(?:\.\d+)?)\s+([KMGTP]iB|B)$/.exec(text);
  return found === null ? undefined : Math.round(Number(found[1]) * SIZES[found[2]]) || undefined;
}
