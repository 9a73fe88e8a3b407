// Nest on Fastify: the controllers, the guard, the filter, OpenAPI, and the page.
import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import { Module, type DynamicModule } from '@nestjs/common';
import { APP_GUARD, NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { addressOf } from '../../config';
import { DomainError } from '../../core';
import { BearerGuard } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { asyncApi } from '../feed/asyncapi';
import { CODE_VERSION } from '../version';
import { describeProblems } from './describe-zod';
import { CalendarsController } from './calendars.controller';
import { ClustersController } from './clusters.controller';
import { ClaimsController } from './claims.controller';
import { ConstraintsController } from './constraints.controller';
import { FeedController } from './feed.controller';
import { FleetController } from './fleet.controller';
import { HealthController } from './health.controller';
import { HostsController } from './hosts.controller';
import { ModelsController } from './models.controller';
import { PROBLEM_TYPE, ProblemFilter, problemOf } from './problem.filter';
import { OutcomesController } from './outcomes.controller';
import { RunsController } from './runs.controller';
import { SamplesController } from './samples.controller';
import { TokensController } from './tokens.controller';
import { TrainingsController } from './trainings.controller';
import { VmsController } from './vms.controller';
import { WindowCalendarsController } from './window-calendars.controller';
import { WindowChecksController } from './window-checks.controller';

const PAGE = join(__dirname, '../../../web/dist');
const PARAM_LENGTH_MAX = 600; // 200 characters of a VM id, each percent-encoded
const NO_PAGE =
  'The page is not built: run "node scripts/build.mjs web". The API is at /openapi.json.\n';

@Module({})
class HttpModule {
  static with(service: Service): DynamicModule {
    return {
      module: HttpModule,
      controllers: [
        CalendarsController,
        ClustersController,
        ClaimsController,
        ConstraintsController,
        FeedController,
        FleetController,
        HealthController,
        HostsController,
        OutcomesController,
        ModelsController,
        RunsController,
        SamplesController,
        TokensController,
        TrainingsController,
        VmsController,
        WindowCalendarsController,
        WindowChecksController,
      ],
      providers: [
        { provide: SERVICE, useValue: service },
        { provide: APP_GUARD, useClass: BearerGuard },
      ],
    };
  }
}

export interface HttpApp {
  /** "http://127.0.0.1:8420" */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens; throws PORT_IN_USE naming host and port. */
export async function startHttp(service: Service): Promise<HttpApp> {
  const { HTTP_HOST: host, HTTP_PORT: port, HTTP_BODY_BYTES_MAX: bodyLimit } = service.config;
  const adapter = new FastifyAdapter({
    bodyLimit,
    routerOptions: { maxParamLength: PARAM_LENGTH_MAX },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      // What fails before routing (a path that is no UTF-8) never reaches the filter.
      const problem = problemOf(error, request.url);
      void reply.code(problem.status).type(PROBLEM_TYPE).send(JSON.stringify(problem));
    },
  } as ConstructorParameters<typeof FastifyAdapter>[0]);
  const app = await NestFactory.create<NestFastifyApplication>(HttpModule.with(service), adapter, {
    logger: false,
    rawBody: true,
    abortOnError: false,
    forceCloseConnections: true,
  });
  app.useGlobalFilters(new ProblemFilter(service));
  observe(app, service);
  describe(app);
  await servePage(app);
  try {
    await app.listen(port, host);
  } catch (cause) {
    await app.close();
    throw listenFault(host, port, cause);
  }
  const address = app.getHttpServer().address() as { readonly port: number };
  return { url: addressOf(host, address.port), close: () => app.close() };
}

function listenFault(host: string, port: number, cause: unknown): unknown {
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return new DomainError('PORT_IN_USE', `port ${port} of ${host} is in use`, { port }, { cause });
  }
  if (syscall !== 'listen' && syscall !== 'getaddrinfo') return cause;
  const message = `HTTP_HOST '${host}' and HTTP_PORT ${port} cannot be listened on: ${code}`;
  return new DomainError('CONFIG_INVALID', message, {}, { cause });
}

function observe(app: NestFastifyApplication, { metrics }: Service): void {
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onResponse', (request, reply, done) => {
      const route = request.routeOptions.url ?? 'none';
      const labels = { method: request.method, route, status: String(reply.statusCode) };
      metrics.httpSeconds.observe(labels, reply.elapsedTime / 1_000);
      done();
    });
}

function describe(app: NestFastifyApplication): void {
  const description = new DocumentBuilder()
    .setTitle('Slackwater')
    .setDescription('Forecasts VM load every night and hands out ranked live-migration windows.')
    .setVersion(CODE_VERSION)
    .setOpenAPIVersion('3.1.0')
    .addBearerAuth()
    .build();
  const document = describeProblems(SwaggerModule.createDocument(app, description));
  const send = (_request: unknown, reply: FastifyReply): void => void reply.send(document);
  const fastify = app.getHttpAdapter().getInstance();
  fastify.get('/openapi.json', send);
  const feed = asyncApi();
  fastify.get('/asyncapi.json', (_request: unknown, reply: FastifyReply) => void reply.send(feed));
}

async function servePage(app: NestFastifyApplication): Promise<void> {
  const fastify = app.getHttpAdapter().getInstance();
  if (!existsSync(join(PAGE, 'index.html'))) {
    fastify.get(
      '/',
      (_request: unknown, reply: FastifyReply) => void reply.type('text/plain').send(NO_PAGE),
    );
    return;
  }
  await fastify.register(fastifyStatic as never, { root: PAGE, wildcard: false } as never);
}
