// Keystone: a token by application credential, and the compute service's address from its catalog.
import { z } from 'zod';
import { DomainError } from '../../../core';
import { HypervisorApi, secretIn } from '../http/hypervisor-api';

export interface KeystonePlace {
  /** "https://keystone:5000/v3". */
  readonly authUrl: string;
  /** Holds {"id": "...", "secret": "..."} of an application credential. */
  readonly credentialFile: string;
  readonly caFile?: string;
  readonly timeoutMs?: number;
  readonly region?: string;
  /** Which of the catalog's addresses; default "public". */
  readonly interface?: 'public' | 'internal' | 'admin';
}

export interface Session {
  readonly token: string;
  readonly userId: string;
  readonly computeUrl: string;
}

const credentialSchema = z.object({ id: z.string().min(1), secret: z.string().min(1) });

const tokenSchema = z.object({
  token: z.object({
    expires_at: z.iso.datetime({ offset: true }),
    user: z.object({ id: z.string() }),
    catalog: z.array(
      z.object({
        type: z.string(),
        endpoints: z.array(
          z.object({
            interface: z.string(),
            region: z.string().nullish(),
            url: z.string(),
          }),
        ),
      }),
    ),
  }),
});

/** A token is renewed so long before it ends. */
const SPARE_MS = 60_000;

export class Keystone {
  private readonly api: HypervisorApi;
  private session?: Session;
  private untilMs = 0;

  constructor(private readonly place: KeystonePlace) {
    this.api = new HypervisorApi({ name: 'Keystone', ...place, url: place.authUrl });
  }

  /** Throws EXECUTOR_REFUSED where the credential or the catalog does not serve. */
  async open(): Promise<Session> {
    if (this.session !== undefined && Date.now() < this.untilMs - SPARE_MS) return this.session;
    const path = '/auth/tokens';
    const credential = credentialIn(this.place.credentialFile);
    const identity = { methods: ['application_credential'], application_credential: credential };
    const answer = await this.api.ask('POST', path, { body: { auth: { identity } } });
    const { token } = this.api.read(tokenSchema, answer, 'POST', path);
    const subject = answer.headers['x-subject-token'];
    if (typeof subject !== 'string') {
      const message = 'Keystone answers nonsense: there is no X-Subject-Token beside the token';
      throw new DomainError('EXECUTOR_UNREACHABLE', message);
    }
    this.untilMs = Date.parse(token.expires_at);
    const computeUrl = this.computeUrl(token.catalog);
    this.session = { token: subject, userId: token.user.id, computeUrl };
    return this.session;
  }

  /** The token was not accepted: the next `open` asks for a new one. */
  forget(): void {
    this.session = undefined;
  }

  private computeUrl(catalog: z.output<typeof tokenSchema>['token']['catalog']): string {
    const { region, interface: face = 'public' } = this.place;
    const found = catalog
      .filter(({ type }) => type === 'compute')
      .flatMap(({ endpoints }) => endpoints)
      .filter((one) => one.interface === face && (region === undefined || one.region === region));
    if (found.length === 1) return found[0].url;
    const where = region === undefined ? '' : ` in region '${region}'`;
    const message = `the catalog has ${found.length} ${face} addresses of 'compute'${where}: set region and interface so that one is left`;
    throw new DomainError('EXECUTOR_REFUSED', message);
  }
}

function credentialIn(path: string): z.output<typeof credentialSchema> {
  const text = secretIn(path, 'credentialFile');
  try {
    return credentialSchema.parse(JSON.parse(text));
  } catch {
    // Neither the text nor the parser's words go on: they may hold the secret.
    const message = `credentialFile '${path}' does not hold {"id": "...", "secret": "..."}`;
    throw new DomainError('INPUT_UNREADABLE', message);
  }
}
