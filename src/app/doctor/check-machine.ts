// The machine: Node, instruction set, addon, memory, and the data folder's disk and permissions.
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { cpus, freemem, totalmem } from 'node:os';
import { dirname, resolve } from 'node:path';
import { openKernels } from '../../kernels';
import { failed, ok, warning, type Check } from './check';

const GIB = 1_073_741_824;
const MEMORY_GIB_MIN = 2; // PostgreSQL 0.3, Node 0.5, one shard 0.2, and room for the page cache
const DISK_GIB_MIN = 5; // 28 days of 5-min means of 10,000 VMs are 0.2 GiB; PostgreSQL's log needs 2

export function checkMachine(dataDir: string): readonly Check[] {
  return [
    checkNode(),
    checkKernels(),
    checkMemory(),
    checkDisk(dataDir),
    checkPermissions(dataDir),
  ];
}

function checkNode(): Check {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const fine = major > 20 || (major === 20 && minor >= 19);
  const finding = `Node ${process.versions.node}, ${cpus().length} CPUs`;
  return fine ? ok('node', finding) : failed('node', finding, 'Install Node 20.19 or newer.');
}

function checkKernels(): Check {
  const report = openKernels('auto').report();
  const finding = `${report.backend} kernels, ${report.isa}: ${report.reason}`;
  return report.backend === 'native'
    ? ok('kernels', finding)
    : warning('kernels', finding, 'Install g++ and run "node native/build.mjs".');
}

function checkMemory(): Check {
  const finding = `${(totalmem() / GIB).toFixed(1)} GiB, ${(freemem() / GIB).toFixed(1)} GiB free`;
  return totalmem() >= MEMORY_GIB_MIN * GIB
    ? ok('memory', finding)
    : warning('memory', finding, `Give the machine at least ${MEMORY_GIB_MIN} GiB.`);
}

function checkDisk(dataDir: string): Check {
  const { bavail, bsize } = statfsSync(existingParent(dataDir));
  const freeGib = (bavail * bsize) / GIB;
  const finding = `${freeGib.toFixed(1)} GiB free for ${dataDir}`;
  return freeGib >= DISK_GIB_MIN
    ? ok('disk', finding)
    : warning('disk', finding, `Free at least ${DISK_GIB_MIN} GiB or move DATA_DIR.`);
}

function checkPermissions(dataDir: string): Check {
  const folder = existingParent(dataDir);
  try {
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return failed('permissions', why, `Let this user write to ${folder}.`);
  }
  const token = resolve(dataDir, 'operator.token');
  if (existsSync(token) && (statSync(token).mode & 0o077) !== 0) {
    return failed('permissions', `${token} can be read by others`, `chmod 600 ${token}`);
  }
  return ok('permissions', `${folder} can be written`);
}

/** A data folder that is still to be made is judged by the folder it will be made in. */
function existingParent(path: string): string {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  return folder;
}
