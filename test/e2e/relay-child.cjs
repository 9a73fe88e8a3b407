// A relay that is killed: carries a tenant's feed into a file, batch by batch, and dies at step DIE_AT.
// DEFECT=mark-first plants what the checker has to find.
const { appendFileSync, fsyncSync, openSync } = require('node:fs');
const path = require('node:path');
const dist = (name) => require(path.join(__dirname, '../../dist', name));
const { Database, PostgresFeedStore } = dist('adapters/postgres');
const { FeedSink, relayFeed } = dist('migration');

const { url, file, dieAt, defect } = JSON.parse(process.argv[2]);
const BATCH = 4;
let steps = 0;

function step() {
  steps += 1;
  if (steps === dieAt) process.kill(process.pid, 'SIGKILL');
}

class FileSink extends FeedSink {
  name = 'file';
  descriptor = openSync(file, 'a');

  async deliver(_tenantId, events) {
    step();
    if (defect === 'mark-first') {
      await this.feed.markDelivered('north', this.name, events[events.length - 1].position);
      step();
    }
    for (const { position, id, vmId, text } of events) {
      appendFileSync(this.descriptor, `${JSON.stringify({ position, id, vmId, text })}\n`);
    }
    fsyncSync(this.descriptor);
    step();
  }

  async close() {
    await undefined;
  }
}

async function main() {
  const database = await Database.open({ url });
  const feed = new PostgresFeedStore(database);
  const sink = new FileSink();
  sink.feed = feed;
  step();
  await relayFeed('north', feed, [sink], BATCH);
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exit(1);
});
