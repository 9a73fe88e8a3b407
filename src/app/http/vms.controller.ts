// VMs: list and search, one VM with its windows, forecast, history, explanation, and policy.
import { Body, Controller, Get, Inject, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DAY_MS, DomainError, FIVE_MINUTES_MS, HOUR_MS, quantileName, VM_ID } from '../../core';
import type { VmRecord } from '../../ingest';
import {
  changePolicy,
  explainWindows,
  parseWindowContent,
  windowJsonSchema,
  type WindowDocument,
} from '../../migration';
import { FIVE_MINUTE, HOURLY, readVmForecast, readVmLosses, type Run } from '../../predict';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { cachedReport } from '../reports/report-cache';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { findVm } from './find-vm';
import { parse } from './parse-body';

const LIST = z.object({
  q: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(200).optional(),
  sort: z.enum(['id', 'window']).default('id'),
});
const STEP = z.object({
  step: z.coerce
    .number()
    .refine((step) => step === 300 || step === 3_600, '300 or 3600 is accepted')
    .default(300),
});
const SPAN = STEP.extend({
  from: z.coerce.number().int().nonnegative().optional(),
  to: z.coerce.number().int().nonnegative().optional(),
});
const SPAN_DAYS_MAX = 40;
const reason = z.string().min(1).max(500);
const POLICY = z.discriminatedUnion('state', [
  z.strictObject({ state: z.literal('auto') }),
  z.strictObject({ state: z.literal('excluded'), reason }),
  z.strictObject({
    state: z.literal('pinned'),
    reason,
    notBeforeMs: z.number().int().nonnegative(),
  }),
]);

const SPECS = z.strictObject({
  items: z
    .array(
      z.strictObject({
        vmId: z.string().regex(VM_ID, 'not a VM id'),
        vcpus: z.number().nonnegative().max(4_096).optional(),
        memoryBytes: z.number().int().nonnegative().optional(),
        host: z.string().min(1).max(200).optional(),
        cluster: z.string().min(1).max(200).optional(),
        owner: z.string().max(200).optional(),
      }),
    )
    .max(10_000),
});

interface VmView extends VmRecord {
  readonly policy: string;
  readonly model?: string;
  readonly abstention?: string;
  readonly nextWindow?: { readonly notBeforeMs: number; readonly loadPct: number };
}

@ApiTags('vms')
@ApiBearerAuth()
@Controller('v1/vms')
export class VmsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get()
  @NeedsScope('read')
  @ApiZodQuery(LIST)
  @ApiOperation({ summary: 'VMs by id, after a cursor, by a part of their id' })
  async list(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<{ items: readonly VmView[]; next?: string }> {
    const { q, limit, cursor, sort } = parse(LIST, query);
    const { tenantId } = request.principal;
    const all = await this.service.ports.tenant(tenantId).rollups.vms();
    if (sort === 'window') return { items: await this.quietest(tenantId, all, limit) };
    const found = all
      .filter((vm) => q === undefined || vm.vmId.includes(q))
      .toSorted((a, b) => (a.vmId < b.vmId ? -1 : 1))
      .filter((vm) => cursor === undefined || vm.vmId > cursor);
    const items = await Promise.all(found.slice(0, limit).map((vm) => this.view(tenantId, vm)));
    return { items, ...(found.length > limit && { next: items.at(-1)?.vmId }) };
  }

  @Put()
  @NeedsScope('policy:write')
  @ApiZodBody(SPECS)
  @ApiOperation({ summary: 'What is known of VMs: size, host, owner; creates those that are new' })
  async specs(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<{ described: number }> {
    const { items } = parse(SPECS, body);
    await this.service.ports.tenant(request.principal.tenantId).rollups.describeVms(items);
    return { described: items.length };
  }

  @Get(':vmId')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One VM: spec, policy, model, next window' })
  async one(@Req() request: AuthenticatedRequest, @Param('vmId') vmId: string): Promise<VmView> {
    return this.view(request.principal.tenantId, await this.find(request, vmId));
  }

  @Get(':vmId/windows')
  @NeedsScope('read')
  @ApiOkResponse({ schema: windowJsonSchema() as never })
  @ApiOperation({ summary: "The VM's newest window document: the bytes of the feed" })
  async windows(
    @Req() request: AuthenticatedRequest,
    @Param('vmId') vmId: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const document = await this.document(request, vmId);
    void reply.type('application/json').header('etag', `"${document.id}"`).send(document.text);
  }

  @Get(':vmId/forecast')
  @NeedsScope('read')
  @ApiZodQuery(STEP)
  @ApiOperation({ summary: 'Mean and quantiles by step: 300 s for a day, 3600 s for a week' })
  async forecast(
    @Req() request: AuthenticatedRequest,
    @Param('vmId') vmId: string,
    @Query() query: unknown,
  ): Promise<unknown> {
    const { step } = parse(STEP, query);
    await this.find(request, vmId);
    const run = await this.published(request);
    const resolution = step === 300 ? FIVE_MINUTE : HOURLY;
    const forecast = await readVmForecast(run, vmId, resolution, this.service.ports);
    if (forecast === undefined) {
      throw new DomainError(
        'FORECAST_ABSENT',
        `the night of ${run.runDate} did not know VM '${vmId}'`,
      );
    }
    const { startMs, stepMs, levels, mean, quantiles } = forecast;
    const named = levels.map((level, at) => [quantileName(level), rounded(quantiles[at])]);
    return {
      startMs,
      stepMs,
      runDate: run.runDate,
      mean: rounded(mean),
      quantiles: Object.fromEntries(named),
    };
  }

  @Get(':vmId/history')
  @NeedsScope('read')
  @ApiZodQuery(SPAN)
  @ApiOperation({ summary: 'Sealed means in [from, to), null where missing' })
  async history(
    @Req() request: AuthenticatedRequest,
    @Param('vmId') vmId: string,
    @Query() query: unknown,
  ): Promise<unknown> {
    const asked = parse(SPAN, query);
    const stepMs = asked.step === 300 ? FIVE_MINUTES_MS : HOUR_MS;
    const toMs = asked.to ?? this.service.clock.nowMs();
    const fromMs = asked.from ?? toMs - DAY_MS;
    if (fromMs >= toMs || toMs - fromMs > SPAN_DAYS_MAX * DAY_MS) {
      throw new DomainError(
        'REQUEST_INVALID',
        `from ${fromMs} to ${toMs}; more than 0 and at most ${SPAN_DAYS_MAX} days are accepted`,
        { field: 'from' },
      );
    }
    const vm = await this.find(request, vmId);
    const { history } = this.service.ports.tenant(request.principal.tenantId);
    const read = await history.read(
      Uint32Array.of(vm.vmIndex),
      Math.floor(fromMs / HOUR_MS) * HOUR_MS,
      Math.ceil(toMs / HOUR_MS) * HOUR_MS,
    );
    const batch = stepMs === HOUR_MS ? read.hourly : read.fiveMinute;
    const values = Array.from(batch.values, (value) => (Number.isNaN(value) ? null : value));
    return { startMs: batch.startMs, stepMs, values };
  }

  @Get(':vmId/explain')
  @NeedsScope('read')
  @ApiOperation({ summary: 'Why these windows, or why none; and how the models did for this VM' })
  async explain(
    @Req() request: AuthenticatedRequest,
    @Param('vmId') vmId: string,
  ): Promise<unknown> {
    const document = await this.document(request, vmId);
    const run = await this.published(request);
    const forecast = await readVmForecast(run, vmId, HOURLY, this.service.ports);
    const day =
      forecast === undefined
        ? undefined
        : { stepMs: HOUR_MS, meanPct: forecast.mean.subarray(0, 24) };
    const content = parseWindowContent(document.text);
    const told = explainWindows(content, this.service.clock.nowMs(), day);
    return { ...told, memberLosses: await readVmLosses(run, vmId, this.service.ports) };
  }

  @Put(':vmId/policy')
  @NeedsScope('policy:write')
  @ApiZodBody(POLICY)
  @ApiOperation({ summary: 'auto, excluded, or pinned to an instant; in force at once' })
  async policy(
    @Req() request: AuthenticatedRequest,
    @Param('vmId') vmId: string,
    @Body() body: unknown,
  ): Promise<{ policy: string; revision?: number }> {
    const policy = parse(POLICY, body);
    const vm = await this.find(request, vmId);
    const { tenantId } = request.principal;
    const nowMs = this.service.clock.nowMs();
    const document = await changePolicy(this.service.windows, {
      tenantId,
      vmId: vm.vmId,
      policy,
      nowMs,
    });
    return { policy: policy.state, revision: document?.revision };
  }

  private find(request: AuthenticatedRequest, vmId: string): Promise<VmRecord> {
    return findVm(this.service, request.principal.tenantId, vmId);
  }

  private async document(request: AuthenticatedRequest, vmId: string): Promise<WindowDocument> {
    await this.find(request, vmId);
    const document = await this.service.windows.document(request.principal.tenantId, vmId);
    if (document === undefined) {
      throw new DomainError('FORECAST_ABSENT', `no night has looked at VM '${vmId}' yet`);
    }
    return document;
  }

  private async published(request: AuthenticatedRequest): Promise<Run> {
    const run = await this.service.ports.ledger.published(request.principal.tenantId);
    if (run === undefined) throw new DomainError('FORECAST_ABSENT', 'no night was published yet');
    return run;
  }

  private async quietest(
    tenantId: string,
    all: readonly VmRecord[],
    limit: number,
  ): Promise<readonly VmView[]> {
    const run = await this.service.ports.ledger.published(tenantId);
    if (run === undefined) return [];
    const { best } = await cachedReport(this.service, run);
    const byId = new Map(all.map((vm) => [vm.vmId, vm]));
    const vms = best.slice(0, limit).flatMap(({ vmId }) => byId.get(vmId) ?? []);
    return Promise.all(vms.map((vm) => this.view(tenantId, vm)));
  }

  private async view(tenantId: string, vm: VmRecord): Promise<VmView> {
    const [policy] = await this.service.windows.policies(tenantId, [vm.vmId]);
    const document = await this.service.windows.document(tenantId, vm.vmId);
    if (document === undefined) return { ...vm, policy: policy.state };
    const content = parseWindowContent(document.text);
    const first = content.windows.find((one) => one.latestStartMs > content.cutoffMs);
    return {
      ...vm,
      policy: policy.state,
      model: content.models.fiveMinute,
      ...(content.reason !== undefined && { abstention: content.reason }),
      ...(first !== undefined && {
        nextWindow: { notBeforeMs: first.notBeforeMs, loadPct: first.loadPct.mean },
      }),
    };
  }
}

function rounded(values: Float32Array): number[] {
  return Array.from(values, (value) => Math.round(value * 1_000) / 1_000);
}
