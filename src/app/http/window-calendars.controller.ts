// Windows as a calendar to subscribe to: signed addresses are made, and what is behind them is read.
import { createHash } from 'node:crypto';
import { Body, Controller, Get, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { DAY_MS, DomainError, type EpochMs } from '../../core';
import type { VmRecord } from '../../ingest';
import { parseWindowContent, windowCalendar, type CalendarEntry } from '../../migration';
import { NeedsScope, Public, type AuthenticatedRequest } from '../auth/bearer.guard';
import { checkAddress, signedPath } from '../auth/signed-address';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { parse } from './parse-body';

const VMS_MAX = 5_000; // more events than that no calendar program shows; a host has hundreds
const READ_AT_ONCE = 50;
const host = z.string().min(1).max(200).describe('Absent: all VMs of the tenant');
const NEW = z.strictObject({
  host: host.optional(),
  days: z.int().min(1).max(3_650).default(365).describe('How long the address is good'),
});
const ADDRESS = z.object({
  tenant: z.string().min(1).max(100),
  host: host.optional(),
  until: z.coerce.number().int().nonnegative(),
  signature: z.string().min(1).max(200),
});

export interface CalendarAddress {
  /** After the service's own address. */
  readonly path: string;
  readonly untilMs: EpochMs;
}

@ApiTags('calendars')
@Controller('v1')
export class WindowCalendarsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post('calendar-addresses')
  @ApiBearerAuth()
  @NeedsScope('policy:write')
  @ApiZodBody(NEW)
  @ApiOperation({ summary: 'A signed address of the windows of a host, or of all VMs, as .ics' })
  async address(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<CalendarAddress> {
    const { tenantId } = request.principal;
    const { host: name, days } = parse(NEW, body);
    if ((await this.vmsOf(tenantId, name)).length === 0) await this.refuseUnknown(tenantId, name);
    const untilMs = this.service.clock.nowMs() + days * DAY_MS;
    const claim = { tenantId, host: name, untilMs };
    return { path: signedPath(this.service.addressKey, claim), untilMs };
  }

  @Get('windows.ics')
  @Public()
  @ApiZodQuery(ADDRESS)
  @ApiOperation({ summary: 'The first window of each VM as iCalendar; the address is the token' })
  async calendar(
    @Req() request: FastifyRequest,
    @Query() query: unknown,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { tenant: tenantId, host: name, until: untilMs, signature } = parse(ADDRESS, query);
    const { addressKey, clock } = this.service;
    checkAddress(addressKey, { tenantId, host: name, untilMs }, signature, clock.nowMs());
    const title = `Migration windows of ${name === undefined ? tenantId : `host ${name}`}`;
    const text = windowCalendar(title, await this.entries(tenantId, name));
    const tag = `"${createHash('sha256').update(text).digest('base64url')}"`;
    void reply.header('etag', tag).header('cache-control', 'private, max-age=300');
    if (request.headers['if-none-match'] === tag) void reply.code(304).send();
    else void reply.type('text/calendar; charset=utf-8').send(text);
  }

  private async entries(tenantId: string, name?: string): Promise<readonly CalendarEntry[]> {
    const vms = await this.vmsOf(tenantId, name);
    const entries: CalendarEntry[] = [];
    for (let from = 0; from < vms.length; from += READ_AT_ONCE) {
      const some = vms.slice(from, from + READ_AT_ONCE);
      const found = await Promise.all(
        some.map(({ vmId }) => this.service.windows.document(tenantId, vmId)),
      );
      for (const [at, document] of found.entries()) {
        if (document === undefined) continue;
        entries.push({ content: parseWindowContent(document.text), host: some[at].host });
      }
    }
    return entries;
  }

  private async vmsOf(tenantId: string, name?: string): Promise<readonly VmRecord[]> {
    const all = await this.service.ports.tenant(tenantId).rollups.vms();
    const vms = name === undefined ? all : all.filter((vm) => vm.host === name);
    if (vms.length <= VMS_MAX) return vms;
    const what = name === undefined ? `tenant '${tenantId}'` : `host '${name}'`;
    const message = `${what} has ${vms.length} VMs; a calendar has at most ${VMS_MAX}`;
    throw new DomainError('LIMIT_EXCEEDED', `${message}: ask for the address of one host`);
  }

  /** A described host may be empty today. */
  private async refuseUnknown(tenantId: string, name?: string): Promise<void> {
    if (name === undefined) return;
    if ((await this.service.plans.find(tenantId, 'host', name)) !== undefined) return;
    throw new DomainError('HOST_UNKNOWN', `host '${name}' is unknown`, { field: 'host' });
  }
}
