// Models of the fleet: versions with their cards and errors, promotion through the gate, and the way back.
import {
  Body,
  Controller,
  Get,
  HttpCode,
  Inject,
  Param,
  Post,
  Query,
  Req,
  Res,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiParam, ApiProduces, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DomainError } from '../../core';
import {
  findVersion,
  getArtefact,
  MODEL_ALIASES,
  promoteModel,
  rollbackModel,
  slotName,
  type AliasMove,
  type AliasPlace,
  type GateVerdict,
  type ModelAlias,
  type ModelCard,
  type ModelVersion,
} from '../../predict';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { parse } from './parse-body';

const LIST = z.object({
  limit: z.coerce.number().int().min(1).max(500).default(50),
  cursor: z.string().max(64).optional(),
});
const WHY = z.strictObject({ why: z.string().min(1).max(500) });
const REFERENCE = new RegExp(`^(.{1,60}-[0-9]{1,5})@(${MODEL_ALIASES.join('|')})$`);
const ID = { name: 'id', description: 'a version, or NAME-STEP@champion or NAME-STEP@challenger' };

export interface ModelView extends ModelVersion {
  readonly aliases: readonly ModelAlias[];
}

@ApiTags('models')
@ApiBearerAuth()
@Controller('v1/models')
export class ModelsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get()
  @NeedsScope('read')
  @ApiZodQuery(LIST)
  @ApiOperation({ summary: 'Versions, newest first, with their aliases and errors' })
  async list(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<{ readonly items: readonly ModelView[]; readonly next?: string }> {
    const { limit, cursor } = parse(LIST, query);
    const { tenantId } = request.principal;
    const { models } = this.service;
    const found = await models.versions(tenantId, { limit: limit + 1, afterId: cursor });
    const places = await models.aliases(tenantId);
    const items = found.slice(0, limit).map((version) => viewOf(version, places));
    return { items, ...(found.length > limit && { next: items.at(-1)?.modelId }) };
  }

  @Get(':id')
  @NeedsScope('read')
  @ApiParam(ID)
  @ApiOperation({ summary: 'One version with its card, and every move of its aliases' })
  async one(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
  ): Promise<ModelView & { readonly modelCard: ModelCard; readonly moves: readonly AliasMove[] }> {
    const version = await this.find(request, id);
    const { models, ports } = this.service;
    const { tenantId } = request.principal;
    const bytes = await getArtefact(ports.objects, version.card);
    return {
      ...viewOf(version, await models.aliases(tenantId)),
      modelCard: JSON.parse(Buffer.from(bytes).toString('utf8')) as ModelCard,
      moves: await models.moves(tenantId, version),
    };
  }

  @Get(':id/card')
  @NeedsScope('read')
  @ApiParam(ID)
  @ApiProduces('text/markdown')
  @ApiOperation({ summary: 'The model card as Markdown' })
  async card(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { cardText } = await this.find(request, id);
    const bytes = await getArtefact(this.service.ports.objects, cardText);
    void reply.type('text/markdown; charset=utf-8').send(Buffer.from(bytes));
  }

  @Get(':id/errors')
  @NeedsScope('read')
  @ApiParam(ID)
  @ApiProduces('application/vnd.apache.parquet')
  @ApiOperation({ summary: 'Errors of each VM, model, and block of leads as Parquet' })
  async errors(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { errors } = await this.find(request, id);
    const bytes = await getArtefact(this.service.ports.objects, errors);
    void reply.type('application/vnd.apache.parquet').send(Buffer.from(bytes));
  }

  @Post(':id/promote')
  @HttpCode(200)
  @NeedsScope('models:write')
  @ApiParam(ID)
  @ApiZodBody(WHY)
  @ApiOperation({
    summary:
      'Make it the champion, where its errors on the last nights are as good as the champion’s',
  })
  async promote(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<ModelView & { readonly gate: GateVerdict }> {
    const { why } = parse(WHY, body ?? {});
    const version = await this.find(request, id);
    const { tenantId, label: who } = request.principal;
    const { models: registry, kernels, ports } = this.service;
    const newest = await ports.ledger.published(tenantId);
    const atMs = Math.max(newest?.plan.cutoffMs ?? 0, version.untilMs);
    const { modelId } = version;
    const gate = await promoteModel(
      { tenantId, modelId, who, why, atMs, kernels },
      { ...ports, registry },
    );
    return { ...viewOf(version, await registry.aliases(tenantId)), gate };
  }

  @Post(':id/rollback')
  @HttpCode(200)
  @NeedsScope('models:write')
  @ApiParam(ID)
  @ApiZodBody(WHY)
  @ApiOperation({
    summary: 'From this champion back to the one before it, or to none; without the gate',
  })
  async rollback(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<{ readonly slot: string; readonly championId: string | null }> {
    const { why } = parse(WHY, body ?? {});
    const version = await this.find(request, id);
    const { tenantId, label: who } = request.principal;
    const { models: registry, clock } = this.service;
    const move = { tenantId, modelId: version.modelId, who, why };
    const { championId } = await rollbackModel(move, { registry, clock });
    return { slot: slotName(version), championId: championId ?? null };
  }

  private async find(request: AuthenticatedRequest, id: string): Promise<ModelVersion> {
    const { tenantId } = request.principal;
    const { models } = this.service;
    const match = REFERENCE.exec(id);
    if (match === null) return findVersion(models, tenantId, id);
    const [, slot, alias] = match;
    const place = (await models.aliases(tenantId)).find(
      (one) => slotName(one) === slot && one.alias === alias,
    );
    if (place === undefined) {
      throw new DomainError('MODEL_VERSION_UNKNOWN', `${slot} has no ${alias}`, { slot, alias });
    }
    return findVersion(models, tenantId, place.modelId);
  }
}

function viewOf(version: ModelVersion, places: readonly AliasPlace[]): ModelView {
  const aliases = places.filter((one) => one.modelId === version.modelId).map((one) => one.alias);
  return { ...version, aliases };
}
