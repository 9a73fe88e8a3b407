// The start packet of every connection of the service: it begins with a role that owns nothing.
import { DomainError } from '../../core';

/**
 * Neither owner nor superuser, without a login: each connection logs in as the user of the URL and
 * takes this role before its first statement. Row-level security shows it the tenant of the
 * transaction only.
 */
export const SERVICE_ROLE = 'slackwater_service';

/** The same rights, but for all tenants: scheduler, relay, log-in. Taken per transaction. */
export const SYSTEM_ROLE = 'slackwater_system';

export interface ServiceConnection {
  readonly connectionString: string;
  readonly options: string;
}

/** pg lets a URL's own `options` win over ours, so they are taken out of it and put before. */
export function serviceConnection(
  databaseUrl: string,
  role: typeof SERVICE_ROLE | typeof SYSTEM_ROLE,
): ServiceConnection {
  const url = URL.canParse(databaseUrl) ? new URL(databaseUrl) : undefined;
  if (url === undefined || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new DomainError(
      'CONFIG_INVALID',
      'DATABASE_URL is not of the form postgresql://USER:PASSWORD@HOST:PORT/DATABASE',
    );
  }
  const given = url.searchParams.get('options');
  url.searchParams.delete('options');
  const ours = `-c role=${role} -c timezone=UTC`;
  return { connectionString: url.toString(), options: given === null ? ours : `${given} ${ours}` };
}
