// Who asks, for which tenant, and whether the token's scopes allow it.
import {
  Inject,
  Injectable,
  SetMetadata,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyRequest } from 'fastify';
import { DomainError, type Scope } from '../../core';
import { SERVICE, type Service } from '../composition/service';
import { hashOfToken } from './operator-token';

const SCOPE_KEY = 'slackwater:scope';
const PUBLIC = 'public';

/** The scope that a route needs. A route that names none is refused. */
export const NeedsScope = (scope: Scope) => SetMetadata(SCOPE_KEY, scope);

/** Health, metrics, the interface description, and the page itself. */
export const Public = () => SetMetadata(SCOPE_KEY, PUBLIC);

export interface Principal {
  readonly tenantId: string;
  readonly label: string;
}

export type AuthenticatedRequest = FastifyRequest & { principal: Principal };

@Injectable()
export class BearerGuard implements CanActivate {
  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(SERVICE) private readonly service: Service,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const scope = this.reflector.getAllAndOverride<Scope | typeof PUBLIC>(SCOPE_KEY, targets);
    if (scope === PUBLIC) return true;
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    request.principal = await principalOf(this.service, request.headers.authorization, scope);
    return true;
  }
}

/** Throws TOKEN_MISSING (none, unknown, revoked) or TOKEN_INSUFFICIENT naming the scope. */
export async function principalOf(
  service: Pick<Service, 'tokens'>,
  header: string | undefined,
  scope: Scope | undefined,
): Promise<Principal> {
  const match = /^Bearer ([A-Za-z0-9_-]{20,200})$/.exec(header ?? '');
  if (match === null) throw new DomainError('TOKEN_MISSING', 'the request has no bearer token');
  const token = await service.tokens.find(hashOfToken(match[1]));
  if (token === undefined || token.revokedMs !== undefined) {
    throw new DomainError('TOKEN_MISSING', 'the bearer token is unknown or revoked');
  }
  if (scope === undefined || !(token.scopes.includes(scope) || token.scopes.includes('admin'))) {
    throw new DomainError('TOKEN_INSUFFICIENT', `the token has no scope '${scope ?? 'any'}'`, {
      scope,
    });
  }
  return { tenantId: token.tenantId, label: token.label };
}
