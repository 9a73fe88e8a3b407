// Trainings on the service's own history: ordered here, done by whoever plays the trainer.
import { randomUUID } from 'node:crypto';
import { Body, Controller, Get, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError } from '../../core';
import { USUAL_FLEET_MODELS } from '../../models';
import { refuseOtherModels, type TrainingOrder } from '../../predict';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { NIGHT_STEPS } from '../roles/trainer-role';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { parse } from './parse-body';

const SEED_MAX = 4_294_967_295;
const LIST_MAX = 500;
const ORDER = z.strictObject({
  models: z.array(z.string().max(60)).min(1).max(10).optional(),
  steps: z
    .array(z.union([z.literal(300), z.literal(3_600)]))
    .min(1)
    .max(2)
    .optional(),
  seed: z.number().int().min(0).max(SEED_MAX).default(1),
  at: z.iso.datetime({ offset: true }).optional(),
  promote: z.boolean().default(false),
  why: z.string().min(1).max(500).default('ordered'),
});
const LIST = z.object({ limit: z.coerce.number().int().min(1).max(LIST_MAX).default(50) });

@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/trainings')
export class TrainingsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @NeedsScope('models:write')
  @ApiZodBody(ORDER)
  @ApiOperation({
    summary:
      'Order a training on the history before an instant; default the cutoff of the newest night',
  })
  async add(@Req() request: AuthenticatedRequest, @Body() body: unknown): Promise<TrainingOrder> {
    const { models, steps, seed, at, promote, why } = parse(ORDER, body ?? {});
    const names = [...new Set(models ?? USUAL_FLEET_MODELS)];
    refuseOtherModels(names);
    const { tenantId, label: who } = request.principal;
    const requestedMs = this.service.clock.nowMs();
    const newest = await this.service.ports.ledger.published(tenantId);
    const atMs = at === undefined ? (newest?.plan.cutoffMs ?? requestedMs) : Date.parse(at);
    const stepSecs = [...new Set(steps ?? NIGHT_STEPS)];
    const orderId = randomUUID();
    const order = { orderId, names, stepSecs, seed, atMs, promote, who, why, requestedMs };
    await this.service.trainings.add(tenantId, order);
    return { ...order, state: 'open', attempts: 0 };
  }

  @Get()
  @NeedsScope('read')
  @ApiZodQuery(LIST)
  @ApiOperation({ summary: 'Ordered trainings, newest first, with what came of them' })
  async list(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<{ readonly items: readonly TrainingOrder[] }> {
    const { limit } = parse(LIST, query);
    return { items: await this.service.trainings.list(request.principal.tenantId, limit) };
  }

  @Get(':id')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One of the last 500 trainings' })
  async one(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<TrainingOrder> {
    const orders = await this.service.trainings.list(request.principal.tenantId, LIST_MAX);
    const found = orders.find(({ orderId }) => orderId === id);
    if (found === undefined) {
      throw new DomainError('NOT_FOUND', `training '${id.slice(0, 64)}' is unknown`);
    }
    return found;
  }
}
