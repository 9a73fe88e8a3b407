// Outcomes of migrations: reported by executors, one or many at once, and read from any position.
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DAY_MS, DomainError } from '../../core';
import {
  costCoverage,
  costDrift,
  nightCoverage,
  outcomeJsonSchema,
  outcomePages,
  outcomeSchema,
  reportCorrections,
  reportOutcome,
  type CorrectionReport,
  type Coverage,
  type Drift,
  type NightCoverage,
  type OutcomeReceipt,
  type StoredOutcome,
} from '../../migration';
import { NeedsScope, Public, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { parse } from './parse-body';

const MANY = 1_000;
const MANY_SCHEMA = z.strictObject({ items: z.array(outcomeSchema).min(1).max(MANY) });
const LIST = z.object({
  since: z.coerce.number().int().nonnegative().default(0),
  limit: z.coerce.number().int().min(1).max(MANY).default(100),
  vm: z.string().max(200).optional(),
});

const COVERAGE = z.object({ days: z.coerce.number().int().min(1).max(400).default(30) });

export interface CoverageReport {
  readonly nights: readonly NightCoverage[];
  readonly all: readonly Coverage[];
  readonly drift: readonly Drift[];
  /** What was learned by the last night, and how far it is believed. */
  readonly corrections: readonly CorrectionReport[];
}

@ApiTags('outcomes')
@ApiBearerAuth()
@Controller('v1/outcomes')
export class OutcomesController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @HttpCode(200)
  @NeedsScope('outcomes:write')
  @ApiZodBody(z.union([outcomeSchema, MANY_SCHEMA]))
  @ApiOperation({ summary: 'One outcome, or {"items":[...]}; twice is once' })
  async report(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<OutcomeReceipt | { readonly items: readonly OutcomeReceipt[] }> {
    const many = typeof body === 'object' && body !== null && 'items' in body;
    const said = many ? parse(MANY_SCHEMA, body).items : [parse(outcomeSchema, body)];
    const { tenantId } = request.principal;
    const receipts: OutcomeReceipt[] = [];
    for (const one of said) {
      receipts.push(await reportOutcome(this.service, tenantId, one, this.service.clock.nowMs()));
    }
    return many ? { items: receipts } : receipts[0];
  }

  @Get()
  @NeedsScope('read')
  @ApiZodQuery(LIST)
  @ApiOperation({ summary: 'Outcomes after a position, in the order of their arrival' })
  async list(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<{ readonly items: readonly StoredOutcome[]; readonly next: number }> {
    const { since, limit, vm } = parse(LIST, query);
    const asked = { after: since, limit, vmId: vm };
    const items = await this.service.outcomes.list(request.principal.tenantId, asked);
    return { items, next: items.at(-1)?.position ?? since };
  }

  @Get('coverage')
  @NeedsScope('read')
  @ApiZodQuery(COVERAGE)
  @ApiOperation({ summary: 'Measured against predicted costs by night, and whether they drift' })
  async coverage(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<CoverageReport> {
    const { days } = parse(COVERAGE, query);
    const { tenantId } = request.principal;
    const tenant = await this.service.tenants.find(tenantId);
    const sinceMs = this.service.clock.nowMs() - days * DAY_MS;
    const records: StoredOutcome[] = [];
    for await (const page of outcomePages(this.service.outcomes, tenantId)) {
      records.push(...page.filter(({ outcome }) => outcome.startedAtMs >= sinceMs));
    }
    return {
      nights: nightCoverage(records, tenant?.timeZone ?? 'UTC'),
      all: costCoverage(records),
      drift: costDrift(records),
      corrections: reportCorrections(await this.service.costs.state(tenantId)),
    };
  }

  @Get('schema')
  @Public()
  @ApiOperation({ summary: 'JSON Schema of lm.outcomes.v1' })
  schema(): Readonly<Record<string, unknown>> {
    return outcomeJsonSchema();
  }

  @Get(':id')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One outcome' })
  async one(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<StoredOutcome> {
    const found = await this.service.outcomes.find(request.principal.tenantId, id);
    if (found === undefined) {
      throw new DomainError('NOT_FOUND', `outcome '${id.slice(0, 100)}' is unknown`);
    }
    return found;
  }
}
