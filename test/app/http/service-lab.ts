// An embedded service on a folder of its own with a small published night, and how tests ask it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashOfToken } from '../../../src/app/auth/operator-token';
import { System } from '../../../src/app/composition/system';
import { demoNight, type DemoSettings } from '../../../src/app/demo/demo-night';
import { readConfig } from '../../../src/config';
import { SystemClock, type EpochMs, type Scope } from '../../../src/core';

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly body: Body;
}

/** What the answers of these tests may hold. */
interface Body {
  readonly code: string;
  readonly detail: string;
  readonly next?: string;
  readonly runId: string;
  readonly items: readonly { readonly vmId: string; readonly attempt: number }[];
  readonly values: readonly (number | null)[];
  readonly memberLosses: readonly unknown[];
}

type LabNight = Pick<DemoSettings, 'vms' | 'days' | 'guests'>;

/** Goes as fast as the system's, but started at a given instant. */
class ClockFrom extends SystemClock {
  readonly #aheadMs: number;

  constructor(startMs: EpochMs) {
    super();
    this.#aheadMs = startMs - super.nowMs();
  }

  override nowMs(): EpochMs {
    return super.nowMs() + this.#aheadMs;
  }
}

/** What `start` makes is there only after beforeAll. */
export class ServiceLab {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'slackwater-service-'));
  readonly environment: Record<string, string> = {
    DATA_DIR: this.dataDir,
    HTTP_PORT: '0',
    NIGHT_AT: 'off',
    LOG_LEVEL: 'silent',
  };
  private started: System | undefined;

  get system(): System {
    if (this.started === undefined) throw new Error('the service was not started');
    return this.started;
  }

  /** From the instant on, where one is given: else what is forecast depends on the day. */
  async start(night: LabNight, fromMs?: EpochMs): Promise<void> {
    const clock = fromMs === undefined ? new SystemClock() : new ClockFrom(fromMs);
    this.started = await System.start(readConfig(this.environment), 'main', undefined, clock);
    await demoNight(this.started, { ...night, seed: 3 });
  }

  async stop(): Promise<void> {
    await this.started?.stop();
  }

  async ask(path: string, init: RequestInit & { token?: string } = {}): Promise<Answer> {
    const token = init.token ?? this.system.operatorToken;
    const response = await fetch(`${this.system.url}${path}`, {
      ...init,
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        ...init.headers,
      },
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return {
      status: response.status,
      type,
      text,
      body: type.includes('json') ? JSON.parse(text) : {},
    };
  }

  async tokenWith(...scopes: Scope[]): Promise<string> {
    const token = `token-${scopes.join('-').replaceAll(':', '_')}-padding-padding`;
    await this.system.tokens.add({
      hash: hashOfToken(token),
      tenantId: 'default',
      label: 't',
      scopes,
      createdMs: 1,
    });
    return token;
  }
}
