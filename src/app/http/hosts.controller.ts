// Hosts: what is on them, how big they are, and plans that empty them.
import { Body, Controller, Get, Inject, Param, Post, Put, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError } from '../../core';
import { hostSchema, momentOf, type DrainPlan, type HostRecord } from '../../migration';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { drainHost } from '../plans/make-plans';
import { ApiZodBody } from './describe-zod';
import { parse } from './parse-body';

const HOSTS = z.strictObject({
  items: z.array(hostSchema.extend({ host: z.string().min(1).max(200) })).max(10_000),
});

/** A drain; an upgrade takes the same limits. */
export const DRAIN = z.strictObject({
  by: z.string().describe('The deadline: an instant, or a time "2026-11-28T06:00" of the tenant'),
  maxDowntimeMs: z.number().positive().optional().describe('P95 of each pause; 300 unless said'),
  maxDurationMs: z.number().positive().optional().describe('P95 of the time of each migration'),
  postCopy: z.boolean().optional().describe('Whether post-copy is allowed; false unless said'),
  parallelMax: z.int().optional().describe('Most migrations of the host at once; 2 unless said'),
  incomingMax: z.int().min(1).max(8).optional().describe('Most that one target receives at once'),
  coolDownMs: z.number().nonnegative().optional().describe('Rest after a migration; an hour'),
  targets: z.array(z.string().min(1).max(200)).min(1).max(1_000).optional(),
});

interface HostView extends HostRecord {
  readonly host: string;
  readonly vmCount: number;
  readonly vmMemoryBytes: number;
}

@ApiTags('hosts')
@ApiBearerAuth()
@Controller('v1/hosts')
export class HostsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get()
  @NeedsScope('read')
  @ApiOperation({ summary: 'Hosts by name: those that VMs are on, and those that were described' })
  async list(
    @Req() request: AuthenticatedRequest,
  ): Promise<{ readonly items: readonly HostView[] }> {
    const { tenantId } = request.principal;
    const hosts = new Map<string, { record: HostRecord; vmCount: number; bytes: number }>();
    for (const { id, record } of await this.service.plans.list(tenantId, 'host')) {
      hosts.set(id, { record, vmCount: 0, bytes: 0 });
    }
    for (const vm of await this.service.ports.tenant(tenantId).rollups.vms()) {
      if (vm.host === undefined) continue;
      const record = vm.cluster === undefined ? {} : { cluster: vm.cluster };
      const host = hosts.get(vm.host) ?? { record, vmCount: 0, bytes: 0 };
      host.vmCount += 1;
      host.bytes += vm.memoryBytes ?? 0;
      hosts.set(vm.host, host);
    }
    const items = [...hosts]
      .map(([host, { record, vmCount, bytes }]) => ({
        host,
        ...record,
        vmCount,
        vmMemoryBytes: bytes,
      }))
      .toSorted((a, b) => (a.host < b.host ? -1 : 1));
    return { items };
  }

  @Put()
  @NeedsScope('policy:write')
  @ApiZodBody(HOSTS)
  @ApiOperation({ summary: 'Replaces what is known of the named hosts: size, bandwidth, state' })
  async describe(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<{ readonly described: number }> {
    const { items } = parse(HOSTS, body);
    const records = items.map(({ host, ...record }) => ({ id: host, record }));
    await this.service.plans.put(request.principal.tenantId, 'host', records);
    return { described: items.length };
  }

  @Post(':host/drain-plans')
  @NeedsScope('policy:write')
  @ApiZodBody(DRAIN)
  @ApiOperation({
    summary: 'A plan that empties the host by a deadline, and what stands in its way',
  })
  async drain(
    @Req() request: AuthenticatedRequest,
    @Param('host') host: string,
    @Body() body: unknown,
  ): Promise<DrainPlan> {
    const { tenantId } = request.principal;
    const { by, ...limits } = parse(DRAIN, body);
    const tenant = await this.service.tenants.find(tenantId);
    const byMs = momentOf(by, tenant?.timeZone ?? 'UTC', 'by');
    return drainHost(this.service, tenantId, { host, byMs, ...limits });
  }

  @Get(':host/drain-plans')
  @NeedsScope('read')
  @ApiOperation({ summary: 'Plans of the host, the newest first' })
  async plans(
    @Req() request: AuthenticatedRequest,
    @Param('host') host: string,
  ): Promise<{ readonly items: readonly DrainPlan[] }> {
    const found = await this.service.plans.list(request.principal.tenantId, 'drain-plan');
    const items = found.map(({ record }) => record).filter((plan) => plan.host === host);
    return { items: items.toSorted((a, b) => b.createdMs - a.createdMs) };
  }

  @Get(':host/drain-plans/:planId')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One plan as it was made' })
  async plan(
    @Req() request: AuthenticatedRequest,
    @Param('host') host: string,
    @Param('planId') planId: string,
  ): Promise<DrainPlan> {
    const { tenantId } = request.principal;
    const plan = await this.service.plans.find(tenantId, 'drain-plan', planId);
    if (plan === undefined || plan.host !== host) {
      const message = `drain plan '${planId.slice(0, 64)}' of host '${host.slice(0, 200)}' is unknown`;
      throw new DomainError('NOT_FOUND', message);
    }
    return plan;
  }
}
