// What an executor asks the service, over REST.
import { DomainError } from '../../core';
import {
  WindowService,
  windowContentSchema,
  type Claim,
  type OutcomeInput,
  type OutcomeReceipt,
  type WindowCheck,
  type WindowContent,
} from '../../migration';
import type { RestClient } from './rest-client';

const ABSENT = ['FORECAST_ABSENT', 'VM_UNKNOWN', 'NOT_FOUND'];

export class RestWindowService extends WindowService {
  constructor(
    private readonly client: RestClient,
    private readonly executor: string,
  ) {
    super();
  }

  override async document(vmId: string): Promise<WindowContent | undefined> {
    try {
      const path = `/v1/vms/${encodeURIComponent(vmId)}/windows`;
      return windowContentSchema.parse(await this.client.json(path));
    } catch (error) {
      if (error instanceof DomainError && ABSENT.includes(error.code)) return undefined;
      throw error;
    }
  }

  override check(
    windowId: string,
    asked: { readonly vmId: string; readonly rank: number },
  ): Promise<WindowCheck> {
    return this.client.json(`/v1/windows/${encodeURIComponent(windowId)}/check`, 'POST', asked);
  }

  override claim(
    windowId: string,
    asked: { readonly vmId: string; readonly rank: number; readonly leaseMs: number },
  ): Promise<Claim & { readonly serverMs: number }> {
    return this.client.json(pathOf(windowId), 'POST', { ...asked, executor: this.executor });
  }

  override async renew(claim: Claim, leaseMs: number): Promise<void> {
    const { vmId, token } = claim;
    await this.client.json(pathOf(claim.windowId, '/renew'), 'POST', { vmId, token, leaseMs });
  }

  override async start({ vmId, token, windowId }: Claim): Promise<void> {
    await this.client.json(pathOf(windowId, '/start'), 'POST', { vmId, token });
  }

  override async release({ vmId, token, windowId }: Claim): Promise<void> {
    await this.client.json(pathOf(windowId, '/release'), 'POST', { vmId, token });
  }

  override report(outcome: OutcomeInput): Promise<OutcomeReceipt> {
    return this.client.json('/v1/outcomes', 'POST', outcome);
  }
}

function pathOf(windowId: string, step = ''): string {
  return `/v1/windows/${encodeURIComponent(windowId)}/claim${step}`;
}
