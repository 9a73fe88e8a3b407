// What operators tell about VMs and their groups for plans: traits, pairs kept apart, orders.
import {
  Body,
  Controller,
  Delete,
  Get,
  HttpCode,
  Inject,
  Param,
  Put,
  Query,
  Req,
} from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError, VM_ID } from '../../core';
import {
  groupSchema,
  refuseCycle,
  traitSchema,
  type MoveGroup,
  type VmTrait,
} from '../../migration';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { parse } from './parse-body';
import { refuseOtherId } from './record-id';

const TRAITS = z.strictObject({
  items: z.array(traitSchema.extend({ vmId: z.string().regex(VM_ID, 'not a VM id') })).max(10_000),
});
const LIST = z.object({ vm: z.string().max(200).optional() });

@ApiTags('constraints')
@ApiBearerAuth()
@Controller('v1')
export class ConstraintsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get('traits')
  @NeedsScope('read')
  @ApiZodQuery(LIST)
  @ApiOperation({ summary: 'What is told of VMs for plans; of one with ?vm=' })
  async traits(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
  ): Promise<{ readonly items: readonly (VmTrait & { readonly vmId: string })[] }> {
    const { vm } = parse(LIST, query);
    const asked = vm === undefined ? undefined : [vm];
    const found = await this.service.plans.list(request.principal.tenantId, 'trait', asked);
    return { items: found.map(({ id, record }) => ({ vmId: id, ...record })) };
  }

  @Put('traits')
  @NeedsScope('policy:write')
  @ApiZodBody(TRAITS)
  @ApiOperation({
    summary: 'Replaces those of the named VMs: tags, limits, why one cannot migrate',
  })
  async describe(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<{ readonly described: number }> {
    const { tenantId } = request.principal;
    const { items } = parse(TRAITS, body);
    const { rollups } = this.service.ports.tenant(tenantId);
    const known = new Set(
      (await rollups.vmRecords(items.map(({ vmId }) => vmId))).map((vm) => vm.vmId),
    );
    const stranger = items.find(({ vmId }) => !known.has(vmId));
    if (stranger !== undefined) {
      throw new DomainError('VM_UNKNOWN', `VM '${stranger.vmId}' is unknown; nothing was changed`);
    }
    const records = items.map(({ vmId, ...record }) => ({ id: vmId, record }));
    await this.service.plans.put(tenantId, 'trait', records);
    return { described: items.length };
  }

  @Get('groups')
  @NeedsScope('read')
  @ApiOperation({ summary: 'Groups of VMs that plans keep apart or in order' })
  async groups(
    @Req() request: AuthenticatedRequest,
  ): Promise<{ readonly items: readonly (MoveGroup & { readonly groupId: string })[] }> {
    const found = await this.service.plans.list(request.principal.tenantId, 'group');
    return { items: found.map(({ id, record }) => ({ groupId: id, ...record })) };
  }

  @Put('groups/:id')
  @NeedsScope('policy:write')
  @ApiZodBody(groupSchema)
  @ApiOperation({ summary: 'Makes or replaces a group' })
  async group(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<MoveGroup & { readonly groupId: string }> {
    refuseOtherId('group', id);
    const { tenantId } = request.principal;
    const record = parse(groupSchema, body);
    const others = await this.service.plans.list(tenantId, 'group');
    refuseCycle([...others.filter((other) => other.id !== id), { id, record }]);
    await this.service.plans.put(tenantId, 'group', [{ id, record }]);
    return { groupId: id, ...record };
  }

  @Delete('groups/:id')
  @HttpCode(204)
  @NeedsScope('policy:write')
  @ApiOperation({ summary: 'In force with the next plan' })
  async remove(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    if (!(await this.service.plans.remove(request.principal.tenantId, 'group', id))) {
      throw new DomainError('NOT_FOUND', `group '${id.slice(0, 100)}' is unknown`);
    }
  }
}
