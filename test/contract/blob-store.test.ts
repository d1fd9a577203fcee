import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { onTestFinished } from 'vitest';

import { openBoundary, systemRandom } from '../../src/domain/index.js';
import { Files } from '../../src/workspace/files.js';
import { KeyedMutex } from '../../src/workspace/keyed-mutex.js';
import { LocalBlobs } from '../../src/workspace/local-blobs.js';
import { systemProcesses, thisProcess } from '../../src/workspace/processes.js';
import { MemoryBlobs } from '../support/memory-blobs.js';
import { patientClock } from '../support/patient-clock.js';
import { blobStoreContract } from './blob-store.js';

function localBlobs(folder: string): LocalBlobs {
  const common = { root: folder, boundary: openBoundary, random: systemRandom, warn: () => {} };
  return new LocalBlobs(folder, {
    clock: patientClock,
    random: systemRandom,
    process: thisProcess(),
    processes: systemProcesses,
    files: new Files(common),
    quietFiles: new Files({ ...common, durable: false }),
    turns: new KeyedMutex(),
    busy: (path) => new Error(`${path} is held`),
  });
}

blobStoreContract('a folder of this computer', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-blobs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return {
    // As another process has it: without the turns of this one.
    open: () => localBlobs(folder),
    leavesBehind: () => readdirSync(folder, { recursive: true, encoding: 'utf8' }),
  };
});

blobStoreContract('the memory of this process', () => {
  const store = new MemoryBlobs();
  return { open: () => store };
});
