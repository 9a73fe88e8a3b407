// Tokens of the asking tenant: made (shown once), listed without their secret, revoked.
import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { DomainError, SCOPES, type TokenRecord } from '../../core';
import { NeedsScope, type AuthenticatedRequest } from '../auth/bearer.guard';
import { hashOfToken, newToken } from '../auth/operator-token';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodBody } from './describe-zod';
import { parse } from './parse-body';

const NEW = z.strictObject({
  label: z.string().min(1).max(100),
  scopes: z.array(z.enum(SCOPES)).min(1),
});

/** The hash names a token: it cannot be turned back. */
type TokenView = Omit<TokenRecord, 'hash' | 'tenantId'> & { readonly id: string };

@ApiTags('tokens')
@ApiBearerAuth()
@Controller('v1/tokens')
export class TokensController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Post()
  @NeedsScope('admin')
  @ApiZodBody(NEW)
  @ApiOperation({ summary: 'A new token; this answer alone shows it' })
  async add(
    @Req() request: AuthenticatedRequest,
    @Body() body: unknown,
  ): Promise<TokenView & { readonly token: string }> {
    const { label, scopes } = parse(NEW, body);
    const token = newToken();
    const { tenantId } = request.principal;
    const createdMs = this.service.clock.nowMs();
    const record = { hash: hashOfToken(token), tenantId, label, scopes, createdMs };
    await this.service.tokens.add(record);
    return { ...viewOf(record), token };
  }

  @Get()
  @NeedsScope('admin')
  @ApiOperation({ summary: 'Tokens by age, revoked ones too' })
  async list(
    @Req() request: AuthenticatedRequest,
  ): Promise<{ readonly items: readonly TokenView[] }> {
    const tokens = await this.service.tokens.list(request.principal.tenantId);
    return { items: tokens.map(viewOf) };
  }

  @Delete(':id')
  @HttpCode(204)
  @NeedsScope('admin')
  @ApiOperation({ summary: 'Revoke; in force with the next request' })
  async revoke(@Req() request: AuthenticatedRequest, @Param('id') id: string): Promise<void> {
    const { tenantId } = request.principal;
    const tokens = await this.service.tokens.list(tenantId);
    if (!tokens.some(({ hash }) => hash === id)) {
      throw new DomainError('NOT_FOUND', `token '${id.slice(0, 64)}' is unknown`);
    }
    await this.service.tokens.revoke(tenantId, id, this.service.clock.nowMs());
  }
}

function viewOf({ hash, tenantId: _, ...token }: TokenRecord): TokenView {
  return { id: hash, ...token };
}
