// POST /v1/samples: into the log, and only then 202.
import { Controller, HttpCode, Inject, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiBody, ApiOperation, ApiTags } from '@nestjs/swagger';
import { DomainError } from '../../core';
import { decodeRecords, DECODE_LIMITS } from '../../ingest';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';

const SAMPLE_SCHEMA = {
  oneOf: [
    {
      type: 'object',
      required: ['tsMs', 'vm', 'cpuPct'],
      properties: {
        v: { type: 'integer', enum: [1] },
        host: { type: 'string' },
        cluster: { type: 'string' },
        tsMs: { type: 'number', description: 'epoch milliseconds' },
        vm: { type: 'array', items: { type: 'string' } },
        cpuPct: { type: 'array', items: { type: 'number' } },
      },
    },
    {
      type: 'object',
      required: ['tsMs', 'vm', 'cpuPct'],
      properties: {
        tsMs: { type: 'number' },
        vm: { type: 'string' },
        cpuPct: { type: 'number', description: 'percent of the VM, 0 to 400' },
      },
    },
  ],
};

@ApiTags('samples')
@ApiBearerAuth()
@Controller('v1/samples')
export class SamplesController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @HttpCode(202)
  @NeedsScope('samples:write')
  @ApiOperation({ summary: 'One message per host and minute, or a single sample' })
  @ApiBody({ schema: SAMPLE_SCHEMA as never })
  async add(
    @Req() request: AuthenticatedRequest & { rawBody?: Buffer },
  ): Promise<{ accepted: number }> {
    const { tenantId } = request.principal;
    if (tenantId !== this.service.config.TENANT) {
      throw new DomainError(
        'TOKEN_INSUFFICIENT',
        `the token is of tenant '${tenantId}'; the samples of this service are another tenant's`,
      );
    }
    const body = request.rawBody ?? Buffer.alloc(0);
    const limits = { ...DECODE_LIMITS, bodyBytesMax: this.service.config.HTTP_BODY_BYTES_MAX };
    const record = { offset: 0, contentType: 'application/json', body };
    const { columns, rejected } = decodeRecords([record], limits);
    if (rejected.length > 0) {
      throw new DomainError('SAMPLE_MALFORMED', `the message was not taken: ${rejected[0].reason}`);
    }
    const { host } = request.body as { readonly host?: unknown };
    const key = typeof host === 'string' ? host : columns.vmNames[0];
    await this.service.samples.append({ key, contentType: record.contentType, body });
    return { accepted: columns.count };
  }
}
