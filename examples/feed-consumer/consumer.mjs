// Reads the feed page by page and says what an executor would do about each VM. Node 20, no packages.
//   node consumer.mjs URL TOKEN_FILE STATE_FILE     follows a service, from where STATE_FILE stands
//   node consumer.mjs --replay stream.jsonl NOW_MS  the recorded stream, as if it were NOW_MS
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const PAUSE_MS = 2_000;
const [from, second, third] = process.argv.slice(2);

/** One decision a VM: the newest revision alone counts, and a repeat changes nothing. */
function take({ position, document }, state, nowMs) {
  const { vmId, revision, windows, expiresMs, id } = document;
  state.position = Math.max(state.position, position);
  if (revision <= (state.revisions[vmId] ?? 0)) return { vmId, revision, action: 'ignore: known' };
  state.revisions[vmId] = revision;
  if (expiresMs <= nowMs) return { vmId, revision, action: 'ignore: expired' };
  const able = windows.filter(
    ({ latestStartMs, advice }) => latestStartMs > nowMs && advice.mode !== 'do-not-migrate',
  );
  if (able.length === 0) return { vmId, revision, action: 'cancel what was planned' };
  const { rank, notBeforeMs, latestStartMs } = able[0]; // windows come best first
  return { vmId, revision, action: 'claim', windowId: id, rank, notBeforeMs, latestStartMs };
}

const say = (decision) => process.stdout.write(`${JSON.stringify(decision)}\n`);

if (from === '--replay') {
  const state = { position: 0, revisions: {} };
  const lines = readFileSync(second, 'utf8').trim().split('\n');
  for (const line of lines) say(take(JSON.parse(line), state, Number(third)));
} else {
  const headers = { authorization: `Bearer ${readFileSync(second, 'utf8').trim()}` };
  const empty = { position: 0, revisions: {} };
  const state = existsSync(third) ? JSON.parse(readFileSync(third, 'utf8')) : empty;
  for (;;) {
    const answer = await fetch(`${from}/v1/feed?limit=1000&since=${state.position}`, { headers });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    const { items } = await answer.json();
    for (const item of items) say(take(item, state, Date.now()));
    writeFileSync(`${third}.new`, JSON.stringify(state)); // whole or not at all
    renameSync(`${third}.new`, third);
    if (items.length === 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
