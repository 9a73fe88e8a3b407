// /health/ready: every outside part is asked at once, each with a time limit.
import { access, constants } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TenantCatalog } from '../../predict';
import type { Readiness } from './service';

const ANSWER_MS_MAX = 3_000; // probes ask every ten seconds and give up after five

export interface AskedParts {
  readonly tenants: TenantCatalog;
  readonly queue: { waitingCount(): Promise<number> };
  readonly objectDir: string;
  readonly sampleState: () => Promise<string>;
}

export function readiness(parts: AskedParts): Promise<readonly Readiness[]> {
  const { tenants, queue, objectDir, sampleState } = parts;
  return Promise.all([
    asked('postgresql', async () => `${(await tenants.list()).length} tenants`),
    asked('queue', async () => `${await queue.waitingCount()} jobs wait`),
    asked('objects', async () => {
      await access(objectDir, constants.R_OK | constants.W_OK);
      return 'writable';
    }),
    asked('samples', sampleState),
  ]);
}

/** An answer to anybody: what failed goes no further than its kind. */
async function asked(component: string, question: () => Promise<string>): Promise<Readiness> {
  const late = new AbortController();
  const timeout = sleep(ANSWER_MS_MAX, undefined, { signal: late.signal }).then(() => {
    throw new Error(`no answer in ${ANSWER_MS_MAX} ms`);
  });
  timeout.catch(() => undefined); // aborted, or the race below told it
  try {
    return { component, ready: true, detail: await Promise.race([question(), timeout]) };
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    const detail = typeof code === 'string' ? code : 'no answer';
    return { component, ready: false, detail };
  } finally {
    late.abort();
  }
}
