// Runs: start, list, look at, and follow as server-sent events.
import { setTimeout as sleep } from 'node:timers/promises';
import { Body, Controller, Get, Inject, Param, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DomainError } from '../../core';
import type { Run, StageProgress } from '../../predict';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { hindsightReport, type HindsightReport } from '../reports/hindsight-report';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { eventText, openEventStream } from './event-stream';
import { parse } from './parse-body';

const START = z.strictObject({
  at: z.union([z.iso.datetime({ offset: true }), z.number().int().nonnegative()]).optional(),
  again: z.boolean().optional(),
});
const LIST = z.object({ limit: z.coerce.number().int().min(1).max(500).default(50) });
const PROGRESS_EVERY_MS = 250;

export type RunView = Omit<Run, 'summary'> & { readonly progress: readonly StageProgress[] };

@ApiTags('runs')
@ApiBearerAuth()
@Controller('v1/runs')
export class RunsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @NeedsScope('runs:write')
  @ApiZodBody(START)
  @ApiOperation({ summary: 'Start the night of an instant, or join the one that runs' })
  async start(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<RunView & { readonly joined: boolean }> {
    const { at, again } = parse(START, body ?? {});
    const atMs = typeof at === 'string' ? Date.parse(at) : at;
    const started = await this.service.startRun(request.principal.tenantId, { atMs, again });
    return { ...(await this.view(started.run)), joined: started.joined };
  }

  @Get()
  @NeedsScope('read')
  @ApiZodQuery(LIST)
  @ApiOperation({ summary: 'Runs, newest first' })
  async list(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<{ items: readonly RunView[] }> {
    const { limit } = parse(LIST, query);
    const runs = await this.service.ports.ledger.runs(request.principal.tenantId, limit);
    return { items: await Promise.all(runs.map((run) => this.view(run))) };
  }

  @Get(':runId')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One run with its summary' })
  async one(
    @Req() request: AuthenticatedRequest,
    @Param('runId') runId: string,
  ): Promise<RunView & Pick<Run, 'summary'>> {
    const run = await this.find(request, runId);
    return { ...(await this.view(run)), summary: run.summary };
  }

  @Get(':runId/hindsight')
  @NeedsScope('read')
  @ApiOperation({ summary: 'What its windows cost at the loads that came, beside other moments' })
  async hindsight(
    @Req() request: AuthenticatedRequest,
    @Param('runId') runId: string,
  ): Promise<HindsightReport> {
    return hindsightReport(this.service, await this.find(request, runId));
  }

  @Get(':runId/events')
  @NeedsScope('read')
  @ApiOperation({ summary: 'Progress as server-sent events, until the run ends' })
  async events(
    @Req() request: AuthenticatedRequest,
    @Param('runId') runId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    let run = await this.find(request, runId);
    const stream = openEventStream(reply);
    let last = '';
    while (!stream.closed.aborted) {
      const view = await this.view(run);
      const text = eventText(view.status === 'running' ? 'progress' : 'end', view);
      if (text !== last) await stream.send(text);
      last = text;
      if (run.status !== 'running') break;
      await sleep(PROGRESS_EVERY_MS);
      run = (await this.service.ports.ledger.run(runId)) ?? run;
    }
    stream.end();
  }

  private async find(request: AuthenticatedRequest, runId: string): Promise<Run> {
    const run = await this.service.ports.ledger.run(runId);
    if (run === undefined || run.tenantId !== request.principal.tenantId) {
      throw new DomainError('RUN_UNKNOWN', `run '${runId.slice(0, 64)}' is unknown`);
    }
    return run;
  }

  private async view(run: Run): Promise<RunView> {
    const { summary: _, ...rest } = run;
    return { ...rest, progress: await this.service.ports.ledger.progress(run.runId) };
  }
}
