// What every command that asks a running service has in common.
import { Option, type Command } from 'commander';
import type { ServiceOptions } from '../client/rest-client';
import { OUTPUT_FORMATS, type OutputFormat } from '../table';

export interface ClientOptions extends ServiceOptions {
  readonly output: OutputFormat;
}

export function withService(command: Command): Command {
  return command
    .option('--url <url>', 'of the service; default from HTTP_HOST and HTTP_PORT')
    .option('--token-file <file>', 'bearer token; default DATA_DIR/operator.token')
    .addOption(
      new Option('-o, --output <format>', 'how to print').choices(OUTPUT_FORMATS).default('table'),
    );
}

/** VM ids contain "/" and ":". */
export function vmPath(vmId: string, rest = ''): string {
  return `/v1/vms/${encodeURIComponent(vmId)}${rest}`;
}
