import type { Secret } from '../../../domain/secret.js';
import { UnexpectedError } from '../../../errors/index.js';
import type { HostFacts, HostTask } from '../../../remote/types.js';

export interface PutOptions {
  /** SHA-256 (hex) by the name a file has on the host; `k3s` is the program. */
  readonly files: ReadonlyMap<string, string>;
  readonly registries: Secret | undefined;
  /** Who copies into the folder: the user the session logs in as. */
  readonly owner: string;
  readonly deadlineMs?: number | undefined;
}

/** What `put-k3s-files` answers. */
export interface PutAnswer {
  /** Where missing files are to be copied to. */
  readonly folder: string;
  readonly missing: readonly string[];
  readonly changed: boolean;
  /** Of the folder's file system and of that of the images; undefined when nothing is missing. */
  readonly freeMiB: number | undefined;
  readonly imagesFreeMiB: number | undefined;
}

/** Says what is missing on a host, and puts in place what has arrived. Answer: `parsePut`. */
export function putK3sFiles({ files, registries, owner, deadlineMs = 5 * 60_000 }: PutOptions): HostTask {
  return {
    name: 'put-k3s-files',
    params: {
      FILES: [...files].map(([name, sha256]) => `${sha256} ${name}`).join('\n'),
      REGISTRIES: registries ?? '',
      OWNER: owner,
    },
    deadlineMs,
  };
}

/** @throws UnexpectedError code BAD_FACTS */
export function parsePut(facts: HostFacts): PutAnswer {
  const { folder, missing, changed } = facts;
  if (!folder?.startsWith('/') || missing === undefined) {
    throw new UnexpectedError('A host task’s answer cannot be used: put-k3s-files names no folder.', {
      code: 'BAD_FACTS',
    });
  }
  const whole = (text: string | undefined): number | undefined => (/^\d+$/.test(text ?? '') ? Number(text) : undefined);
  return {
    folder,
    missing: missing.split(' ').filter(Boolean),
    changed: changed === 'true',
    freeMiB: whole(facts['free_mib']),
    imagesFreeMiB: whole(facts['images_free_mib']),
  };
}
