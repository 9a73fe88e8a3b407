// The effective configuration as lines NAME=value; secrets only as "set" or "not set".
import type { Config, SettingName } from '../config';

const SECRETS: readonly SettingName[] = ['DATABASE_URL', 'REDIS_URL'];

export function showConfig(config: Config): string {
  return Object.entries(config)
    .map(([name, value]) => {
      const secret = SECRETS.includes(name as SettingName);
      const shown = secret ? '(secret, set)' : String(value);
      return `${name}=${value === undefined ? '' : shown}\n`;
    })
    .join('');
}
