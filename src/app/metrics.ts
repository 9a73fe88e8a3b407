// The service's metrics by name; docs/operations.md describes them.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

export class Metrics {
  readonly registry = new Registry();

  readonly httpSeconds = new Histogram({
    name: 'slackwater_http_request_seconds',
    help: 'Duration of HTTP requests.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers: [this.registry],
  });

  readonly samples = new Counter({
    name: 'slackwater_ingest_samples_total',
    help: 'Samples by outcome; received = stored + duplicate + quarantined.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly watermark = new Gauge({
    name: 'slackwater_ingest_watermark_seconds',
    help: 'Event time up to which samples were seen, seconds since the epoch.',
    registers: [this.registry],
  });

  readonly trainings = new Counter({
    name: 'slackwater_trainings_total',
    help: 'Trainings of models of the fleet by outcome.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly shards = new Counter({
    name: 'slackwater_night_shards_total',
    help: 'Shards worked on by stage and outcome.',
    labelNames: ['stage', 'outcome'],
    registers: [this.registry],
  });

  readonly shardSeconds = new Histogram({
    name: 'slackwater_night_shard_seconds',
    help: 'Duration of shards by stage.',
    labelNames: ['stage'],
    buckets: [0.05, 0.2, 1, 5, 20, 60],
    registers: [this.registry],
  });

  readonly nights = new Counter({
    name: 'slackwater_nights_total',
    help: 'Nights that ended while this process was the scheduler, by outcome.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly published = new Gauge({
    name: 'slackwater_night_published_seconds',
    help: 'When the newest night was published, seconds since the epoch.',
    registers: [this.registry],
  });

  readonly feedDelivered = new Counter({
    name: 'slackwater_feed_delivered_total',
    help: 'Feed entries delivered to sinks; a repeat after a crash counts again.',
    registers: [this.registry],
  });

  readonly costCover = new Gauge({
    name: 'slackwater_cost_cover_ratio',
    help: 'Share of the last 60 migrations at or below the predicted quantile.',
    labelNames: ['measure', 'level'],
    registers: [this.registry],
  });

  readonly costDrifts = new Gauge({
    name: 'slackwater_cost_drift',
    help: '1 where migrations are dearer than predicted, -1 where cheaper, beyond chance.',
    labelNames: ['measure'],
    registers: [this.registry],
  });

  readonly roles = new Gauge({
    name: 'slackwater_role_held',
    help: '1 while this process holds the role.',
    labelNames: ['role'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }
}
