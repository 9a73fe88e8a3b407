// An executor process under test: recovers, then migrates its VMs; kills itself at the step KILL_AT, or at
// the DIE_AT-th step of any kind.
require('../adapters/embedded/typescript-child.cjs');
const Module = require('node:module');
const path = require('node:path');
// The build loads three times as fast as the sources; what the tests write in TypeScript gets it, too.
/* oxlint-disable no-underscore-dangle */
const resolve = Module._resolveFilename;
Module._resolveFilename = (request, ...rest) =>
  resolve(request.replace(/^\.\.\/\.\.\/src\//, `${path.join(__dirname, '../../dist')}/`), ...rest);
const { FileJournal } = require('../../src/adapters/executors');
const { DomainError, SystemClock } = require('../../src/core');
const {
  executeWindow,
  openWindow,
  recoverMigrations,
  WindowService,
} = require('../../src/migration');
const { FileHypervisor } = require('./file-hypervisor.ts');

const { url, folder, vmIds, name, killAt, dieAt, defect } = JSON.parse(process.argv[2]);
let steps = 0;

async function ask(method, ...args) {
  const response = await fetch(url, { method: 'POST', body: JSON.stringify({ method, args }) });
  const { result, code, message } = await response.json();
  if (code !== undefined) throw new DomainError(code, message);
  return result;
}

class Remote extends WindowService {
  document(...args) {
    return ask('document', ...args);
  }
  check(...args) {
    return ask('check', ...args);
  }
  claim(...args) {
    return ask('claim', ...args);
  }
  renew(...args) {
    return ask('renew', ...args);
  }
  start(...args) {
    return ask('start', ...args);
  }
  release(...args) {
    return ask('release', ...args);
  }
  report(...args) {
    return ask('report', ...args);
  }
}

async function main() {
  const journal = await FileJournal.at(`${folder}/${name}.journal`);
  if (defect === 'no-journal') journal.open = async () => undefined;
  const ports = {
    service: new Remote(),
    executor: new FileHypervisor(folder),
    journal,
    clock: new SystemClock(),
    sleep: (ms) => new Promise((done) => setTimeout(done, ms)),
    at: (step) => {
      steps += 1;
      if (step === killAt || steps === dieAt) process.kill(process.pid, 'SIGKILL');
    },
  };
  const settings = { name, leaseMs: 1_000, pollMs: 20, downtimeLimitMs: 300 };
  await recoverMigrations(ports, settings);
  for (const vmId of vmIds) await migrate(ports, settings, vmId);
}

async function migrate(ports, settings, vmId) {
  const content = await ports.service.document(vmId);
  const open = openWindow(content, Date.now());
  if ('why' in open) throw new Error(open.why);
  try {
    await executeWindow(ports, settings, content, open.window);
  } catch (error) {
    if (!['WINDOW_STARTED', 'CLAIM_HELD'].includes(error.code)) throw error;
  }
}

main().then(
  () => process.exit(0),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exit(1);
  },
);
