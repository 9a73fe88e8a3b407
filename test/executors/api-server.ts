// A small HTTP server that a test's hypervisor answers through; it can be made to misbehave.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

export interface Reply {
  readonly status?: number;
  readonly reason?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON unless it is a string. */
  readonly body?: unknown;
}

export type Fault = 'silent' | 'nonsense' | 'html' | 'dropped' | 'forbidden';

export class ApiServer {
  /** Every question, "METHOD path". */
  readonly asked: Asked[] = [];
  /** Holds for every question until it is taken back. */
  fault?: Fault;
  /** The next question that changes something: its answer is lost, after or before it is heard. */
  lose?: 'answer' | 'question';
  private readonly server: Server;

  constructor(private readonly answer: (asked: Asked) => Reply) {
    this.server = createServer((request, response) => void this.take(request, response));
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = '';
    for await (const part of request) text += String(part);
    const url = new URL(request.url ?? '', 'http://test');
    const { method = '', headers } = request;
    const asked = { method, path: url.pathname, query: url.searchParams, headers, text };
    this.asked.push(asked);
    if (this.misbehave(request, response)) return;
    const changes = method === 'POST' && this.lose !== undefined;
    if (changes && this.lose === 'question') return this.cut(request);
    const reply = this.answer(asked);
    if (changes) return this.cut(request);
    response.writeHead(reply.status ?? 200, reply.reason, {
      'content-type': 'application/json',
      ...reply.headers,
    });
    response.end(typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body ?? {}));
  }

  private cut(request: IncomingMessage): void {
    this.lose = undefined;
    request.socket.destroy();
  }

  private misbehave(request: IncomingMessage, response: ServerResponse): boolean {
    switch (this.fault) {
      case undefined:
        return false;
      case 'silent':
        return true;
      case 'dropped':
        request.socket.destroy();
        return true;
      case 'nonsense':
        response.end('{"kind":17,"data":"?"}');
        return true;
      case 'html':
        response.end('<html>sign in</html>');
        return true;
      case 'forbidden':
        response.writeHead(403, 'Permission check failed');
        response.end('{"message":"forbidden"}');
        return true;
    }
  }
}
