// Errors -> RFC 9457 problems; what is not ours to tell stays in the log.
import { Catch, HttpException, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DomainError, ERRORS, type ErrorCode } from '../../core';
import type { Service } from '../composition/service';

/** The body of every answer with status >= 400, as application/problem+json. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly remedy: string;
  readonly instance: string;
  readonly field?: string;
}

export const PROBLEM_TYPE = 'application/problem+json';
const RETRY_AFTER_S = '5';

@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly service: Pick<Service, 'log'>) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const reply = http.getResponse<FastifyReply>();
    const request = http.getRequest<FastifyRequest>();
    const problem = problemOf(error, request.url);
    if (problem.status >= 500) this.service.log.error({ err: error, path: request.url }, 'failed');
    if (reply.raw.headersSent) {
      reply.raw.end(); // a stream that broke: its status is gone already
      return;
    }
    if (ERRORS[problem.code].retry) void reply.header('retry-after', RETRY_AFTER_S);
    void reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
  }
}

export function problemOf(error: unknown, url: string): Problem {
  const { code, detail, field } = tellable(error);
  const { status, remedy } = ERRORS[code];
  return {
    type: `https://slackwater.dev/problems/${code.toLowerCase().replaceAll('_', '-')}`,
    title: code.toLowerCase().replaceAll('_', ' '),
    status,
    code,
    detail,
    remedy,
    instance: url.split('?')[0],
    ...(field !== undefined && { field }),
  };
}

function tellable(error: unknown): { code: ErrorCode; detail: string; field?: string } {
  if (error instanceof DomainError) {
    const field = typeof error.details.field === 'string' ? error.details.field : undefined;
    const inner = error.status === 500;
    return {
      code: error.code,
      detail: inner ? 'an internal error; see the log' : error.message,
      field,
    };
  }
  const status = statusOf(error);
  const message = error instanceof Error ? error.message : '';
  if (status === 404) return { code: 'NOT_FOUND', detail: message };
  if (status === 413) return { code: 'LIMIT_EXCEEDED', detail: 'the body is too large' };
  if (status >= 400 && status < 500) return { code: 'REQUEST_INVALID', detail: message };
  return { code: 'INTERNAL', detail: 'an internal error; see the log' };
}

/** Nest's and Fastify's own errors carry a status; anything else is ours. */
function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  const { statusCode } = (error ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}
