// GET /v1/fleet: what the page's first view needs, in one answer.
import { Controller, Get, Inject, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { HOUR_MS } from '../../core';
import { meansOf, type Run, type RunSummary, type StageProgress } from '../../predict';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { cachedReport } from '../reports/report-cache';

interface FleetView {
  readonly timeZone: string;
  readonly vmCount: number;
  readonly windowCount: number;
  readonly vmsWithWindows: number;
  readonly cutoffMs?: number;
  readonly run?: Omit<Run, 'summary' | 'plan'> & { readonly progress: readonly StageProgress[] };
  readonly load?: unknown;
  readonly models: unknown;
  readonly errors: unknown;
  readonly abstentions: readonly { readonly reason: string; readonly count: number }[];
  readonly meanLoadPct?: unknown;
  readonly feed: { readonly stopped: boolean };
}

@ApiTags('fleet')
@ApiBearerAuth()
@Controller('v1/fleet')
export class FleetController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get()
  @NeedsScope('read')
  @ApiOperation({ summary: 'The state of the night, and the fleet it is about' })
  async fleet(@Req() request: AuthenticatedRequest): Promise<FleetView> {
    const { tenantId } = request.principal;
    const { ports, tenants, feed } = this.service;
    const [newest] = await ports.ledger.runs(tenantId, 1);
    const published = await ports.ledger.published(tenantId);
    const tenant = await tenants.find(tenantId);
    const summary = published?.summary as unknown as RunSummary | undefined;
    return {
      timeZone: tenant?.timeZone ?? 'UTC',
      vmCount: (await ports.tenant(tenantId).rollups.vms()).length,
      windowCount: summary?.windows ?? 0,
      vmsWithWindows: summary?.vmsWithWindows ?? 0,
      ...(newest !== undefined && { run: await this.runView(newest) }),
      ...(published !== undefined &&
        summary !== undefined &&
        (await this.night(published, summary))),
      models:
        summary === undefined
          ? {}
          : { hourly: summary.models.hourly, 'five-minute': summary.models.fiveMinute },
      errors: summary?.errors ?? [],
      abstentions: Object.entries(summary?.abstentions ?? {}).map(([reason, count]) => ({
        reason,
        count,
      })),
      feed: { stopped: await feed.stopped(tenantId) },
    };
  }

  private async runView(run: Run): Promise<FleetView['run']> {
    const { summary: _summary, plan: _plan, ...rest } = run;
    return { ...rest, progress: await this.service.ports.ledger.progress(run.runId) };
  }

  private async night(
    run: Run,
    summary: RunSummary,
  ): Promise<Pick<FleetView, 'cutoffMs' | 'load' | 'meanLoadPct'>> {
    const { cutoffMs } = run.plan;
    const { fleet } = summary;
    const { meanLoadPct } = await cachedReport(this.service, run);
    return {
      cutoffMs,
      meanLoadPct,
      load: {
        stepMs: HOUR_MS,
        actualStartMs: cutoffMs - fleet.actual.length * HOUR_MS,
        actualPct: meansOf(fleet.actual, fleet.actualCount),
        forecastStartMs: cutoffMs,
        forecastPct: meansOf(fleet.mean, fleet.forecastCount),
        lowPct: meansOf(fleet.low, fleet.forecastCount),
        highPct: meansOf(fleet.high, fleet.forecastCount),
      },
    };
  }
}
