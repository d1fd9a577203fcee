import { join } from 'node:path';

import { StoredCluster } from './cluster-folder.js';
import { safeName } from './paths.js';
import { PrefixedBlobs } from './prefixed-blobs.js';
import type { OpenS3Options } from './s3/open-s3.js';
import type { ClusterFolder, Workspace } from './types.js';

/** A workspace in a bucket. What speaks to it is loaded, and looks at it, with its first use. */
export function remoteWorkspace(text: string, options: OpenS3Options): Workspace {
  const path = text.split('?')[0]!;
  const load = async () => {
    const { openSealed, s3Place } = await import('./s3/open-s3.js');
    const place = await s3Place(text, options);
    return { raw: place.raw, country: place.location.country, ...(await openSealed(place)) };
  };
  let loaded: ReturnType<typeof load> | undefined;
  const opened = (): ReturnType<typeof load> => (loaded ??= load());
  const store = async () => (await opened()).store;
  const folders = new Map<string, ClusterFolder>();
  const folder = (name: string): ClusterFolder => {
    const prefix = `clusters/${safeName('cluster', name)}/`;
    const blobs = {
      store: new PrefixedBlobs(store, prefix),
      isLocal: false,
      where: (key: string) => `${path}/${prefix}${key}`,
      clear: async () => {
        const { raw, store: sealed } = await opened();
        // The lock last: who waits for it finds all of it gone.
        await raw.clear(prefix, [`${prefix}cluster`, `${prefix}lock`]);
        sealed.forgetCluster(name);
      },
      // No half-written blob is ever seen in a bucket.
      sweep: () => Promise.resolve(),
      breakLock: `take its lock away (slipway workspace unlock ${name})`,
    };
    return new StoredCluster(name, blobs, options);
  };
  return {
    path,
    country: async () => (await opened()).country,
    async clusterNames() {
      const keys = await (await store()).list('clusters/');
      return keys.flatMap((key) => /^clusters\/([^/]+)\/record\.json$/.exec(key)?.[1] ?? []);
    },
    cluster(name) {
      const made = folders.get(name) ?? folder(name);
      folders.set(name, made);
      return made;
    },
    backups: async (to, mode) => (await import('./backups/open.js')).openBackups(text, to, options, mode),
    stateFolder: (provider) => join(options.home, 'state', safeName('provider', provider)),
  };
}
