// Kafka: samples in, windows out.
export * from './kafka-feed-sink';
export * from './kafka-sample-log';
export * from './kafka-sample-source';
export { loadRdkafka, type RdkafkaMessage } from './rdkafka';
export * from './probe-kafka';
