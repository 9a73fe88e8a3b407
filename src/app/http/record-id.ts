// Ids that operators give to calendars and groups.
import { DomainError } from '../../core';

const ID = /^[A-Za-z0-9._-]{1,100}$/;

/** Throws REQUEST_INVALID naming the kind of record and its id. */
export function refuseOtherId(kind: 'calendar' | 'group', id: string): void {
  if (ID.test(id)) return;
  const shown = JSON.stringify(id.slice(0, 60));
  const message = `${kind} id ${shown} is not 1 to 100 of A-Z a-z 0-9 . _ -`;
  throw new DomainError('REQUEST_INVALID', message, { field: 'id' });
}
