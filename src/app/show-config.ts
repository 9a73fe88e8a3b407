// The effective configuration as lines NAME=value; secrets only as "set" or not.
import { isSecret, type Config, type SettingName } from '../config';

export function showConfig(config: Config): string {
  return Object.entries(config)
    .map(([name, value]) => {
      const shown = isSecret(name as SettingName) ? '(secret, set)' : String(value);
      return `${name}=${value === undefined ? '' : shown}\n`;
    })
    .join('');
}
