// BullMQ: shards as jobs.
export * from './bullmq-job-queue';
export * from './probe-redis';
