import { SlipwayError } from '../../errors/index.js';
import { sealedKeys } from '../sealed/sealed-blobs.js';
import type { BucketPlace } from './bucket-place.js';

export interface Finding {
  readonly key: string;
  /** `damaged` opens for nobody, `swapped` is not what belongs there, `foreign` is sealed for others. */
  readonly is: 'damaged' | 'swapped' | 'foreign';
  readonly message: string;
}

export interface WorkspaceInspection {
  readonly objects: number;
  readonly findings: readonly Finding[];
  /** Another workspace stands there than this computer has seen. */
  readonly replaced: boolean;
  /** Not all is sealed for those it shall be sealed for. */
  readonly rotating: boolean;
}

const kinds: Readonly<Partial<Record<string, Finding['is']>>> = {
  WORKSPACE_CORRUPT: 'damaged',
  BLOB_SWAPPED: 'swapped',
  WRONG_IDENTITY: 'foreign',
};

/** Opens everything, and says what cannot be used. */
export async function inspectWorkspace(at: BucketPlace): Promise<WorkspaceInspection> {
  const { header } = await at.stored();
  const sealed = at.place.sealed(header);
  const keys = await sealedKeys(at.place.raw);
  const findings: Finding[] = [];
  for (const key of keys) {
    try {
      await sealed.read(key);
    } catch (error) {
      const is = error instanceof SlipwayError ? kinds[error.code] : undefined;
      if (is === undefined) throw error;
      findings.push({ key, is, message: (error as SlipwayError).message });
    }
  }
  const replaced = (await at.place.seen.knownId(header.id)) !== header.id;
  return { objects: keys.length, findings, replaced, rotating: header.state === 'rotating' };
}

/** From now on what is there counts, however old it is. What is by somebody unknown is found again. */
export async function acceptOlder(at: BucketPlace, findings: readonly Finding[]): Promise<void> {
  const { header } = await at.stored();
  await at.place.seen.forgetId();
  await at.place.seen.knownId(header.id);
  for (const { key } of findings) await at.place.seen.forget(key);
}

/**
 * Puts what cannot be used under `aside/`, as it is, so that nothing of it is lost and its place is free.
 * @returns clusters of which something is missing now
 */
export async function setFindingsAside(
  at: BucketPlace,
  findings: readonly Finding[],
  stamp: string,
): Promise<string[]> {
  const { raw } = at.place;
  for (const { key } of findings) {
    const there = await raw.read(key);
    if (!there) continue;
    const aside = `aside/${stamp}/${key}`;
    if (!(await raw.create(aside, there.text)) && (await raw.read(aside))?.text !== there.text) continue;
    await raw.remove(key, there.version);
  }
  return [...new Set(findings.filter(({ key }) => key.startsWith('clusters/')).map(({ key }) => key.split('/')[1]!))];
}
