// Where the relay of this process delivers: its own listeners, and Kafka where there is one.
import { KafkaFeedSink } from '../../adapters/kafka';
import type { Config } from '../../config';
import { OUTCOMES_TOPIC, WINDOWS_TOPIC, type FeedSigner, type FeedSink } from '../../migration';
import type { RelaySinks } from '../roles/relay-role';

export function feedSinks(config: Config, bus: FeedSink, signer?: FeedSigner): RelaySinks {
  const { KAFKA_BROKERS: brokers, KAFKA_WINDOW_TOPIC, KAFKA_OUTCOME_TOPIC } = config;
  if (brokers === undefined) return { windows: [bus], outcomes: [] };
  const to = (topic: string, type: string): FeedSink =>
    new KafkaFeedSink({ brokers, topic, type, signer });
  return {
    windows: [bus, to(KAFKA_WINDOW_TOPIC, WINDOWS_TOPIC)],
    outcomes: [to(KAFKA_OUTCOME_TOPIC, OUTCOMES_TOPIC)],
  };
}
