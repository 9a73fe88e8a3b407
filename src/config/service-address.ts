// The URL under which a service is reached from its own machine.

/** "http://127.0.0.1:8420"; every address is reached by the loopback, IPv6 in brackets. */
export function addressOf(host: string, port: number): string {
  const everywhere = host === '0.0.0.0' || host === '::';
  const named = everywhere ? '127.0.0.1' : host;
  return `http://${named.includes(':') ? `[${named}]` : named}:${port}`;
}
