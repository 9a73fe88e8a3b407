// Server-sent events through fetch, because EventSource cannot send a bearer token.
import { request } from './api';

export interface ServerEvent {
  readonly id?: string;
  readonly event: string;
  readonly data: string;
}

/** Calls `handle` for each event until the stream ends or `signal` aborts. */
export async function readEvents(
  path: string,
  handle: (event: ServerEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const response = await request(path, { signal, headers: { accept: 'text/event-stream' } });
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      handle(parse(rest.slice(0, end)));
      rest = rest.slice(end + 2);
    }
  }
}

function parse(block: string): ServerEvent {
  const fields = new Map<string, string>();
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    if (colon <= 0) continue;
    const name = line.slice(0, colon);
    const value = line.slice(colon + 1).replace(/^ /, '');
    if (name === 'data') data.push(value);
    else fields.set(name, value);
  }
  return { id: fields.get('id'), event: fields.get('event') ?? 'message', data: data.join('\n') };
}
