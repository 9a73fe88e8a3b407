// Health, readiness, metrics: without a token, without secrets.
import { Controller, Get, Header, Headers, HttpCode, Inject, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { Public, principalOf } from '../auth/bearer.guard';
import { SERVICE, type Service } from '../composition/service';
import { CODE_VERSION } from '../version';

@ApiTags('health')
@Public()
@Controller()
export class HealthController {
  constructor(@Inject(SERVICE) private readonly service: Service) {}

  @Get('health/live')
  @HttpCode(200)
  @ApiOperation({ summary: 'The process answers' })
  live(): { status: string; version: string } {
    return { status: 'live', version: CODE_VERSION };
  }

  @Get('health/ready')
  @ApiOperation({ summary: 'Every part that it needs answers; names the part that does not' })
  async ready(@Res() reply: FastifyReply): Promise<void> {
    const components = await this.service.readiness();
    const ready = components.every((component) => component.ready);
    const { backend, isa, reason } = this.service.kernels.report();
    void reply.code(ready ? 200 : 503).send({
      status: ready ? 'ready' : 'not ready',
      version: CODE_VERSION,
      kernels: { backend, isa, reason },
      components,
    });
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4')
  @ApiOperation({ summary: 'Prometheus metrics' })
  async metrics(@Headers('authorization') authorization: string | undefined): Promise<string> {
    if (this.service.config.METRICS_PUBLIC === 'false') {
      await principalOf(this.service, authorization, 'read');
    }
    return this.service.metrics.registry.metrics();
  }
}
