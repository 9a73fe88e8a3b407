// The last look at a window before its migration, on the samples of the last minutes.
import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { HOUR_MS, VM_ID } from '../../core';
import { checkWindow, type WindowCheck } from '../../migration';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody } from './describe-zod';
import { findVm } from './find-vm';
import { parse } from './parse-body';

const CHECK = z.strictObject({
  vmId: z.string().regex(VM_ID, 'not a VM id'),
  rank: z.int().min(1).default(1),
});

@ApiTags('claims')
@ApiBearerAuth()
@Controller('v1/windows/:id/check')
export class WindowChecksController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @HttpCode(200)
  @NeedsScope('windows:claim')
  @ApiZodBody(CHECK)
  @ApiOperation({ summary: 'Confirms, moves, or cancels a window on fresh samples; see executors' })
  async check(
    @Req() request: AuthenticatedRequest,
    @Param('id') windowId: string,
    @Body() body: unknown,
  ): Promise<WindowCheck> {
    const { vmId, rank } = parse(CHECK, body);
    const { tenantId } = request.principal;
    const { vmIndex } = await findVm(this.service, tenantId, vmId);
    const { history } = this.service.ports.tenant(tenantId);
    const nowMs = this.service.clock.nowMs();
    const fromMs = Math.floor(nowMs / HOUR_MS - 1) * HOUR_MS;
    const toMs = Math.ceil(nowMs / HOUR_MS) * HOUR_MS;
    const fresh = await history.fiveMinute(Uint32Array.of(vmIndex), fromMs, toMs);
    return checkWindow(this.service.windows, tenantId, { windowId, vmId, rank }, fresh, nowMs);
  }
}
