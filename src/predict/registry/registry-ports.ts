// What the registry's work needs from outside: a part of what a night has.
import type { ModelRegistry } from './model-registry';
import type { NightPorts } from '../night-ports';

export interface RegistryPorts extends Pick<NightPorts, 'objects' | 'tenant' | 'clock'> {
  readonly registry: ModelRegistry;
}
