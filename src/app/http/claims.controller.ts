// Claims of windows: a lease under a token, renewed, started once, or given back.
import { Body, Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { VM_ID } from '../../core';
import {
  claimWindow,
  LEASE_MS_MAX,
  LEASE_MS_MIN,
  releaseClaim,
  renewClaim,
  startClaim,
  type Claim,
} from '../../migration';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody } from './describe-zod';
import { parse } from './parse-body';

const vmId = z.string().regex(VM_ID, 'not a VM id');
const leaseMs = z.int().min(LEASE_MS_MIN).max(LEASE_MS_MAX).default(60_000);
const CLAIM = z.strictObject({
  vmId,
  rank: z.int().min(1).default(1),
  executor: z.string().min(1).max(100).describe('Who claims; shown to others'),
  leaseMs,
});
const REFERENCE = z.strictObject({ vmId, token: z.int().min(1) });
const RENEWAL = REFERENCE.extend({ leaseMs });

/** `serverMs` lets an executor see how far its clock is off. */
type ClaimView = Claim & { readonly serverMs: number };

@ApiTags('claims')
@ApiBearerAuth()
@Controller('v1/windows/:id/claim')
export class ClaimsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @NeedsScope('windows:claim')
  @ApiZodBody(CLAIM)
  @ApiOperation({ summary: 'A lease of one window of a document: nobody else may start the VM' })
  claim(
    @Req() request: AuthenticatedRequest,
    @Param('id') windowId: string,
    @Body() body: unknown,
  ): Promise<ClaimView> {
    const asked = parse(CLAIM, body);
    return this.answer((nowMs) =>
      claimWindow(this.service, request.principal.tenantId, { windowId, ...asked }, nowMs),
    );
  }

  @Post('renew')
  @HttpCode(200)
  @NeedsScope('windows:claim')
  @ApiZodBody(RENEWAL)
  @ApiOperation({ summary: 'A longer lease' })
  renew(
    @Req() request: AuthenticatedRequest,
    @Param('id') windowId: string,
    @Body() body: unknown,
  ): Promise<ClaimView> {
    const { leaseMs: longerMs, ...reference } = parse(RENEWAL, body);
    const named = { windowId, ...reference };
    return this.answer((nowMs) =>
      renewClaim(this.service, request.principal.tenantId, named, longerMs, nowMs),
    );
  }

  @Post('start')
  @HttpCode(200)
  @NeedsScope('windows:claim')
  @ApiZodBody(REFERENCE)
  @ApiOperation({ summary: 'The last step before the hypervisor is asked; once per window' })
  start(
    @Req() request: AuthenticatedRequest,
    @Param('id') windowId: string,
    @Body() body: unknown,
  ): Promise<ClaimView> {
    const named = { windowId, ...parse(REFERENCE, body) };
    return this.answer((nowMs) =>
      startClaim(this.service, request.principal.tenantId, named, nowMs),
    );
  }

  @Post('release')
  @HttpCode(200)
  @NeedsScope('windows:claim')
  @ApiZodBody(REFERENCE)
  @ApiOperation({ summary: 'Gives back a window that was not started' })
  release(
    @Req() request: AuthenticatedRequest,
    @Param('id') windowId: string,
    @Body() body: unknown,
  ): Promise<ClaimView> {
    const named = { windowId, ...parse(REFERENCE, body) };
    return this.answer(() => releaseClaim(this.service, request.principal.tenantId, named));
  }

  private async answer(work: (nowMs: number) => Promise<Claim>): Promise<ClaimView> {
    const claim = await work(this.service.clock.nowMs());
    return { ...claim, serverMs: this.service.clock.nowMs() };
  }
}
