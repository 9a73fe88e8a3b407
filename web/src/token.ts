// The bearer token: from the URL's fragment or typed once; kept for this browser tab's session only.

const KEY = 'slackwater.token';

/** Takes "#token=..." out of the address bar, so that it is neither shown nor shared. */
export function adoptTokenFromAddress(): void {
  const match = /(?:^#|&)token=([^&]+)/.exec(location.hash);
  if (match === null) return;
  sessionStorage.setItem(KEY, decodeURIComponent(match[1]));
  history.replaceState(undefined, '', `${location.pathname}${location.search}#/`);
}

export function token(): string | undefined {
  return sessionStorage.getItem(KEY) ?? undefined;
}

export function keepToken(value: string): void {
  sessionStorage.setItem(KEY, value.trim());
}

export function forgetToken(): void {
  sessionStorage.removeItem(KEY);
}
