// Server-sent events on a Fastify reply: headers, heartbeats, and an end that is noticed.
import type { FastifyReply } from 'fastify';

const HEARTBEAT_MS = 15_000; // proxies close what is silent for a minute

export interface EventStream {
  /** Resolves when the client took it, so that a slow reader holds the writer back. */
  send(text: string): Promise<void>;
  readonly closed: AbortSignal;
  end(): void;
}

export function openEventStream(reply: FastifyReply): EventStream {
  reply.hijack();
  const { raw } = reply;
  raw.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  raw.flushHeaders();
  const gone = new AbortController();
  const heartbeat = setInterval(() => raw.write(': \n\n'), HEARTBEAT_MS);
  raw.on('close', () => {
    clearInterval(heartbeat);
    gone.abort();
  });
  return {
    closed: gone.signal,
    send: async (text) => {
      if (gone.signal.aborted || raw.write(text)) return;
      await new Promise<void>((resolve) => {
        const go = (): void => {
          raw.off('drain', go);
          raw.off('close', go);
          resolve();
        };
        raw.on('drain', go);
        raw.on('close', go);
      });
    },
    end: () => {
      clearInterval(heartbeat);
      raw.end();
    },
  };
}

export function eventText(event: string, data: unknown, id?: string): string {
  const head = id === undefined ? '' : `id: ${id}\n`;
  return `${head}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
