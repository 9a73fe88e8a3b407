// The feed: server-sent events that resume by id, or polled; and its stop and resume.
import { Controller, Get, Headers, HttpCode, Inject, Post, Query, Req, Res } from '@nestjs/common';
import { ApiBearerAuth, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { DomainError } from '../../core';
import {
  outcomeEvent,
  OUTCOMES_TOPIC,
  serverSentEvent,
  WINDOWS_TOPIC,
  type FeedEvent,
  type FeedKey,
  type FeedSigner,
} from '../../migration';
import { NeedsScope, Public, type AuthenticatedRequest } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { ApiZodQuery } from './describe-zod';
import { openEventStream } from './event-stream';
import { parse } from './parse-body';

const QUERY = z.object({
  since: z.coerce.number().int().nonnegative().optional(),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});
const ENTRIES_AT_ONCE = 500;
const POLL_MS = 1_000; // another process may relay: the bus of this one then says nothing

@ApiTags('feed')
@ApiBearerAuth()
@Controller('v1/feed')
export class FeedController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get()
  @NeedsScope('feed:read')
  @ApiZodQuery(QUERY)
  @ApiOperation({ summary: 'Events after a position: a stream, or one page with ?since=' })
  async read(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { tenantId } = request.principal;
    const events: Events = {
      type: WINDOWS_TOPIC,
      read: (after, limit) => this.service.feed.read(tenantId, after, limit),
      onNew: (wake) => this.service.bus.subscribe(tenantId, wake),
    };
    await this.answer(events, { query, accept, lastEventId, reply });
  }

  @Get('outcomes')
  @NeedsScope('feed:read')
  @ApiZodQuery(QUERY)
  @ApiOperation({ summary: 'Events of outcomes, as on Kafka: a stream, or one page with ?since=' })
  async outcomes(
    @Req() request: AuthenticatedRequest,
    @Query() query: unknown,
    @Headers('accept') accept: string | undefined,
    @Headers('last-event-id') lastEventId: string | undefined,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { tenantId } = request.principal;
    const { outcomes } = this.service;
    const events: Events = {
      type: OUTCOMES_TOPIC,
      read: async (after, limit) =>
        (await outcomes.list(tenantId, { after, limit })).map((one) => outcomeEvent(tenantId, one)),
    };
    await this.answer(events, { query, accept, lastEventId, reply });
  }

  @Get('keys')
  @Public()
  @ApiOperation({ summary: 'Public keys (JWK) of signatures: the one in use, then older ones' })
  keys(): { readonly keys: readonly FeedKey[] } {
    return { keys: this.service.signer?.keys ?? [] };
  }

  @Post('stop')
  @HttpCode(200)
  @NeedsScope('feed:write')
  @ApiOperation({ summary: 'No new positions are given until it is resumed' })
  async stop(@Req() request: AuthenticatedRequest): Promise<{ stopped: boolean }> {
    await this.service.feed.setStopped(request.principal.tenantId, true);
    return { stopped: true };
  }

  @Post('resume')
  @HttpCode(200)
  @NeedsScope('feed:write')
  @ApiOperation({ summary: 'Positions are given again; what was withheld follows' })
  async resume(@Req() request: AuthenticatedRequest): Promise<{ stopped: boolean }> {
    await this.service.feed.setStopped(request.principal.tenantId, false);
    return { stopped: false };
  }

  private async answer(
    events: Events,
    { query, accept, lastEventId, reply }: Asked,
  ): Promise<void> {
    const { since = 0, limit } = parse(QUERY, query);
    if (accept?.includes('text/event-stream') === true) {
      await follow(events, positionOf(lastEventId) ?? since, reply);
      return;
    }
    const page = pageOf(await events.read(since, limit), since, this.service.signer);
    void reply.type('application/json').send(page);
  }
}

/** Events of one type of one tenant. */
interface Events {
  readonly type: string;
  read(after: number, limit: number): Promise<readonly FeedEvent[]>;
  /** Calls `wake` when there may be more; returns the end of it. Absent: they are polled. */
  onNew?(wake: () => void): () => void;
}

interface Asked {
  readonly query: unknown;
  readonly accept: string | undefined;
  readonly lastEventId: string | undefined;
  readonly reply: FastifyReply;
}

async function follow(events: Events, after: number, reply: FastifyReply): Promise<void> {
  const stream = openEventStream(reply);
  let position = after;
  let wake: () => void = () => undefined;
  const unsubscribe = events.onNew?.(() => wake());
  stream.closed.addEventListener('abort', () => wake(), { once: true });
  try {
    while (!stream.closed.aborted) {
      const entries = await events.read(position, ENTRIES_AT_ONCE);
      for (const entry of entries) {
        await stream.send(serverSentEvent(entry, events.type));
        position = entry.position;
      }
      if (entries.length === 0) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, POLL_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    }
  } finally {
    unsubscribe?.();
    stream.end();
  }
}

/** Documents stay the bytes they are: they are pasted, not parsed and printed again. */
function pageOf(entries: readonly FeedEvent[], since: number, signer?: FeedSigner): string {
  const items = entries.map(({ position, id, text }) => {
    const signed = signer?.sign(text);
    const beside = signed === undefined ? '' : `,"signed":${JSON.stringify(signed)}`;
    return `{"position":${position},"id":"${id}"${beside},"document":${text}}`;
  });
  const next = entries.at(-1)?.position ?? since;
  return `{"items":[${items.join(',')}],"next":${next}}`;
}

function positionOf(lastEventId: string | undefined): number | undefined {
  if (lastEventId === undefined || lastEventId === '') return undefined;
  if (!/^\d{1,15}$/.test(lastEventId)) {
    throw new DomainError(
      'CURSOR_INVALID',
      `Last-Event-ID '${lastEventId.slice(0, 40)}' is no position`,
    );
  }
  return Number(lastEventId);
}
