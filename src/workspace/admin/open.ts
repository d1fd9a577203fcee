import { join, resolve } from 'node:path';

import { UsageError } from '../../errors/index.js';
import { openBackupPlace } from '../backups/place.js';
import { Files } from '../files.js';
import { LocalBlobs } from '../local-blobs.js';
import { openWorkspace, type WorkspaceOptions, workspaceParts, type WorkspaceParts } from '../open.js';
import { isS3 } from '../paths.js';
import { heldFile, s3Place } from '../s3/open-s3.js';
import { type OwnIdentity, ownIdentity } from '../sealed/own-identity.js';
import type { Lock } from '../types.js';
import { BucketPlace } from './bucket-place.js';
import { LocalPlace } from './local-place.js';
import { moveWorkspace, type MoveResult } from './move.js';
import type { Place } from './place.js';
import { acceptOlder, type Finding, inspectWorkspace, setFindingsAside, type WorkspaceInspection } from './recover.js';
import { rotateWorkspace, type RotateResult, type Rotation } from './rotate.js';

export type { MoveResult, OwnIdentity, RotateResult, WorkspaceInspection };

/** Work on a workspace as a whole. */
export interface WorkspaceAdmin {
  readonly where: string;
  /** This computer's identity, made where there is none. */
  identity(): Promise<OwnIdentity>;
  move(to: string): Promise<MoveResult>;
  rotate(rotation: Rotation): Promise<RotateResult>;
  inspect(): Promise<WorkspaceInspection>;
  acceptOlder(findings: readonly Finding[]): Promise<void>;
  setAside(findings: readonly Finding[]): Promise<string[]>;
}

export function openAdmin(options: WorkspaceOptions): WorkspaceAdmin {
  const parts = workspaceParts(options);
  const bucket = async (): Promise<BucketPlace> => {
    if (isS3(parts.place)) return new BucketPlace(await s3Place(parts.place, parts), parts);
    throw new UsageError(`${parts.place} is a folder of this computer: nothing in it is sealed.`, {
      code: 'NOT_SHARED',
      hint: 'Name the bucket: --workspace s3://bucket/prefix',
    });
  };
  const place = async (text: string): Promise<Place> =>
    isS3(text) ? new BucketPlace(await s3Place(text, parts), parts) : localPlace(resolve(text), parts);
  const lock =
    (operation: string) =>
    (cluster: string): Promise<Lock> =>
      openWorkspace({ ...options, path: parts.place })
        .cluster(cluster)
        .lock(operation);
  return {
    where: parts.place,
    identity: () => ownIdentity(parts),
    move: async (to) => moveWorkspace(await place(parts.place), await place(to), lock('workspace move')),
    rotate: async (rotation) =>
      rotateWorkspace(await bucket(), rotation, { random: parts.random, lock: lock('workspace rotate') }),
    inspect: async () => inspectWorkspace(await bucket()),
    acceptOlder: async (findings) => acceptOlder(await bucket(), findings),
    setAside: async (findings) => {
      const stamp = new Date(parts.clock.now()).toISOString().slice(0, 19).replaceAll(':', '-');
      return setFindingsAside(await bucket(), findings, `${stamp}Z`);
    },
  };
}

function localPlace(folder: string, parts: WorkspaceParts): LocalPlace {
  const files = new Files({ ...parts, root: join(folder, 'clusters') });
  return new LocalPlace(
    folder,
    files,
    () => new LocalBlobs(folder, { ...parts, files, busy: heldFile }),
    async (mode) => (await openBackupPlace(folder, false, parts, mode))?.sealed.store,
  );
}
