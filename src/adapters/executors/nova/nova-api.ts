// The compute API with a Keystone token and a fixed microversion; an expired token is renewed once.
import type { z } from 'zod';
import { HypervisorApi, type Answer, type Method } from '../http/hypervisor-api';
import type { Keystone, KeystonePlace } from './keystone';

/** 2.80 (Train, 2019): migrations say who asked for them. */
const MICROVERSION = '2.80';

export class NovaApi {
  private api?: { readonly url: string; readonly of: HypervisorApi };

  constructor(
    private readonly keystone: Keystone,
    private readonly place: KeystonePlace,
  ) {}

  async userId(): Promise<string> {
    return (await this.keystone.open()).userId;
  }

  async get<T>(schema: z.ZodType<T>, path: string): Promise<T> {
    const { answer, api } = await this.ask('GET', path);
    return api.read(schema, answer, 'GET', path);
  }

  /** Undefined at 404. */
  async find<T>(schema: z.ZodType<T>, path: string): Promise<T | undefined> {
    const { answer, api } = await this.ask('GET', path);
    return answer.status === 404 ? undefined : api.read(schema, answer, 'GET', path);
  }

  /** A call without an answer's body. Throws EXECUTOR_REFUSED for 4xx. */
  async act(method: 'POST' | 'DELETE', path: string, body?: object): Promise<void> {
    const { answer, api } = await this.ask(method, path, body);
    api.accept(answer, method, path);
  }

  private async ask(
    method: Method,
    path: string,
    body?: object,
  ): Promise<{ readonly answer: Answer; readonly api: HypervisorApi }> {
    const first = await this.once(method, path, body);
    if (first.answer.status !== 401) return first;
    this.keystone.forget(); // 401: not heard; with a new token it is the same call
    return this.once(method, path, body);
  }

  private async once(method: Method, path: string, body?: object) {
    const { token, computeUrl } = await this.keystone.open();
    if (this.api?.url !== computeUrl) {
      const of = new HypervisorApi({ name: 'Nova', ...this.place, url: computeUrl });
      this.api = { url: computeUrl, of };
    }
    const headers = {
      'x-auth-token': token,
      'openstack-api-version': `compute ${MICROVERSION}`,
      'x-openstack-nova-api-version': MICROVERSION,
    };
    return { answer: await this.api.of.ask(method, path, { body, headers }), api: this.api.of };
  }
}
