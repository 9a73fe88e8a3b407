// Clusters: plans that upgrade their hosts one after the other, and advice on their balance.
import { Body, Controller, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError } from '../../core';
import { momentOf, type ClusterAdvice, type UpgradePlan } from '../../migration';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { adviceOf, upgradeCluster } from '../plans/make-plans';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { DRAIN } from './hosts.controller';
import { parse } from './parse-body';

const { targets: _, ...limits } = DRAIN.shape;
const UPGRADE = z.strictObject({
  ...limits,
  by: z.string().describe('The date: an instant, or a time "2026-11-28T06:00" of the tenant'),
  hostMs: z.number().positive().optional().describe('What an empty host takes; 30 min unless said'),
  capacityFloor: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('Least share of the cores in service at any time; .75 unless said'),
  hosts: z.array(z.string().min(1).max(200)).min(1).max(1_000).optional(),
});

const ADVICE = z.object({
  hours: z.coerce.number().int().optional().describe('Of forecast that must bear it; 24'),
  hotShare: z.coerce.number().optional().describe('Overloaded above it; .8 of the cores'),
  fillShare: z.coerce.number().optional().describe('Filled up to it; .65 of the cores'),
  maxDowntimeMs: z.coerce.number().optional().describe('P95 of each pause; 300'),
  coolDownMs: z.coerce.number().nonnegative().optional().describe('Rest of a VM; a day'),
});

@ApiTags('clusters')
@ApiBearerAuth()
@Controller('v1/clusters')
export class ClustersController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get(':cluster/advice')
  @NeedsScope('read')
  @ApiZodQuery(ADVICE)
  @ApiOperation({ summary: 'VMs to move off overloaded hosts, and hosts that can be emptied' })
  async advice(
    @Req() request: AuthenticatedRequest,
    @Param('cluster') cluster: string,
    @Query() query: unknown,
  ): Promise<ClusterAdvice> {
    const asked = { cluster, ...parse(ADVICE, query) };
    return adviceOf(this.service, request.principal.tenantId, asked);
  }

  @Post(':cluster/upgrade-plans')
  @NeedsScope('policy:write')
  @ApiZodBody(UPGRADE)
  @ApiOperation({ summary: 'Host after host emptied, upgraded, and filled again, above a floor' })
  async upgrade(
    @Req() request: AuthenticatedRequest,
    @Param('cluster') cluster: string,
    @Body() body: unknown,
  ): Promise<UpgradePlan> {
    const { tenantId } = request.principal;
    const { by, ...asked } = parse(UPGRADE, body);
    const tenant = await this.service.tenants.find(tenantId);
    const byMs = momentOf(by, tenant?.timeZone ?? 'UTC', 'by');
    return upgradeCluster(this.service, tenantId, { cluster, byMs, ...asked });
  }

  @Get(':cluster/upgrade-plans')
  @NeedsScope('read')
  @ApiOperation({ summary: 'Plans of the cluster, the newest first' })
  async plans(
    @Req() request: AuthenticatedRequest,
    @Param('cluster') cluster: string,
  ): Promise<{ readonly items: readonly UpgradePlan[] }> {
    const found = await this.service.plans.list(request.principal.tenantId, 'upgrade-plan');
    const items = found.map(({ record }) => record).filter((plan) => plan.cluster === cluster);
    return { items: items.toSorted((a, b) => b.createdMs - a.createdMs) };
  }

  @Get(':cluster/upgrade-plans/:planId')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One plan as it was made' })
  async plan(
    @Req() request: AuthenticatedRequest,
    @Param('cluster') cluster: string,
    @Param('planId') planId: string,
  ): Promise<UpgradePlan> {
    const { tenantId } = request.principal;
    const plan = await this.service.plans.find(tenantId, 'upgrade-plan', planId);
    if (plan === undefined || plan.cluster !== cluster) {
      const message = `upgrade plan '${planId.slice(0, 64)}' of cluster '${cluster.slice(0, 200)}' is unknown`;
      throw new DomainError('NOT_FOUND', message);
    }
    return plan;
  }
}
