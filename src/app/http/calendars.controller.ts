// Calendars: when VMs may be migrated; kept, read from .ics, and asked what they say.
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
import { DAY_MS, DomainError } from '../../core';
import {
  calendarSchema,
  calendarSpans,
  namedCalendars,
  refuseContradiction,
  rulesOfIcs,
  type Calendar,
  type Span,
} from '../../migration';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody, ApiZodQuery } from './describe-zod';
import { parse } from './parse-body';
import { refuseOtherId } from './record-id';

const SPAN_DAYS_MAX = 366;
const SPAN = z.object({
  from: z.coerce.number().int().nonnegative().optional(),
  to: z.coerce.number().int().nonnegative().optional(),
});
const { kind, timeZone, scope, rules, holidays } = calendarSchema.shape;
/** `rules` and the events of `ics` count together; the zone is the tenant's unless it is given. */
const PUT = z.strictObject({
  kind,
  timeZone: timeZone.optional(),
  scope,
  rules,
  holidays,
  ics: z.string().optional().describe('Text of an iCalendar file (RFC 5545)'),
  zoneNames: z
    .record(z.string(), z.string())
    .optional()
    .describe('IANA zones of names that the file has of its own'),
});

type CalendarView = Calendar & { readonly calendarId: string };

@ApiTags('calendars')
@ApiBearerAuth()
@Controller('v1/calendars')
export class CalendarsController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get()
  @NeedsScope('read')
  @ApiOperation({ summary: 'Calendars by id' })
  async list(
    @Req() request: AuthenticatedRequest,
  ): Promise<{ readonly items: readonly CalendarView[] }> {
    const found = await this.service.plans.list(request.principal.tenantId, 'calendar');
    return { items: found.map(({ id, record }) => ({ calendarId: id, ...record })) };
  }

  @Get(':id')
  @NeedsScope('read')
  @ApiOperation({ summary: 'One calendar' })
  async one(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<CalendarView> {
    return { calendarId: id, ...(await this.find(request, id)) };
  }

  @Get(':id/spans')
  @NeedsScope('read')
  @ApiZodQuery(SPAN)
  @ApiOperation({
    summary: 'The instants that it allows or forbids in [from, to): a week unless said',
  })
  async spans(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Query() query: unknown,
  ): Promise<{ readonly kind: Calendar['kind']; readonly spans: readonly Span[] }> {
    const asked = parse(SPAN, query);
    const fromMs = asked.from ?? this.service.clock.nowMs();
    const toMs = asked.to ?? fromMs + 7 * DAY_MS;
    if (toMs <= fromMs || toMs - fromMs > SPAN_DAYS_MAX * DAY_MS) {
      const message = `from ${fromMs} to ${toMs}; more than 0 and at most ${SPAN_DAYS_MAX} days are accepted`;
      throw new DomainError('REQUEST_INVALID', message, { field: 'from' });
    }
    const calendar = await this.find(request, id);
    return { kind: calendar.kind, spans: calendarSpans(calendar, fromMs, toMs) };
  }

  @Put(':id')
  @NeedsScope('policy:write')
  @ApiZodBody(PUT)
  @ApiOperation({ summary: 'Makes or replaces it; refused where it leaves no moment to migrate' })
  async put(
    @Req() request: AuthenticatedRequest,
    @Param('id') id: string,
    @Body() body: unknown,
  ): Promise<CalendarView> {
    refuseOtherId('calendar', id);
    const { tenantId } = request.principal;
    const { ics, zoneNames, ...given } = parse(PUT, body);
    const tenant = await this.service.tenants.find(tenantId);
    const zone = given.timeZone ?? tenant?.timeZone ?? 'UTC';
    const imported = ics === undefined ? [] : rulesOfIcs(ics, { timeZone: zone, zoneNames });
    const whole = { ...given, timeZone: zone, rules: [...given.rules, ...imported] };
    const calendar = parse(calendarSchema, whole);
    const others = await namedCalendars(this.service.plans, tenantId);
    refuseContradiction({ calendarId: id, calendar }, others, this.service.clock.nowMs());
    await this.service.plans.put(tenantId, 'calendar', [{ id, record: calendar }]);
    return { calendarId: id, ...calendar };
  }

  @Delete(':id')
  @HttpCode(204)
  @NeedsScope('policy:write')
  @ApiOperation({ summary: 'In force with the next plan' })
  async remove(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    const { tenantId } = request.principal;
    if (!(await this.service.plans.remove(tenantId, 'calendar', id))) throw unknown(id);
  }

  private async find(request: AuthenticatedRequest, id: string): Promise<Calendar> {
    const found = await this.service.plans.find(request.principal.tenantId, 'calendar', id);
    if (found === undefined) throw unknown(id);
    return found;
  }
}

function unknown(id: string): DomainError {
  return new DomainError('NOT_FOUND', `calendar '${id.slice(0, 100)}' is unknown`);
}
