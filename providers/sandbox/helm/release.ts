import { gunzipSync, gzipSync } from 'node:zlib';

import type { Obj } from '../kube-api/objects.js';
import type { ObjectStore } from '../kube-api/store.js';
import type { Values } from './types.js';

export type ReleaseStatus =
  'pending-install' | 'pending-upgrade' | 'deployed' | 'failed' | 'superseded' | 'uninstalling';

/** One revision of a release, as helm's Secret driver keeps it. */
export interface Revision {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly status: ReleaseStatus;
  readonly description: string;
  readonly chart: { readonly name: string; readonly version: string };
  /** What the user gave. */
  readonly config: Values;
  /** Everything the revision has made. */
  readonly manifest: readonly Obj[];
  /** The helm controller's, on the Secret. */
  readonly labels: Readonly<Record<string, string>>;
}

const type = 'helm.sh/release.v1';
const keptRevisions = 10;
const secretName = (name: string, version: number): string => `sh.helm.release.v1.${name}.v${version}`;

/** All revisions of a release, oldest first. */
export function revisionsOf(store: ObjectStore, namespace: string, name: string): readonly Revision[] {
  return store
    .peek(store.resource('v1', 'Secret'), namespace)
    .filter(
      (secret) =>
        secret['type'] === type &&
        secret.metadata.labels?.['owner'] === 'helm' &&
        secret.metadata.labels['name'] === name,
    )
    .map(decode)
    .sort((a, b) => a.version - b.version);
}

/** Makes or changes the Secret of a revision; of many the oldest go. */
export function storeRevision(store: ObjectStore, revision: Revision): void {
  const { name, namespace, version, status } = revision;
  const secrets = store.resource('v1', 'Secret');
  const labels = { ...revision.labels, name, owner: 'helm', status, version: String(version) };
  const data = { release: encode(revision, store.stamp()) };
  const known = store.look(secrets, namespace, secretName(name, version));
  if (known) {
    store.change(secrets, namespace, known.metadata.name, (secret) => {
      secret.metadata.labels = labels;
      secret['data'] = data;
    });
  } else {
    const metadata = { name: secretName(name, version), namespace, labels };
    store.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata, type, data });
  }
  for (const old of revisionsOf(store, namespace, name).slice(0, -keptRevisions))
    store.remove(secrets, namespace, secretName(name, old.version));
}

export function dropRevisions(store: ObjectStore, namespace: string, name: string): void {
  for (const { version } of revisionsOf(store, namespace, name))
    store.remove(store.resource('v1', 'Secret'), namespace, secretName(name, version));
}

interface Wire {
  readonly name: string;
  readonly namespace: string;
  readonly version: number;
  readonly info: { readonly status: ReleaseStatus; readonly description: string };
  readonly chart: { readonly metadata: { readonly name: string; readonly version: string } };
  readonly config: Values;
  /** YAML documents; JSON is YAML. */
  readonly manifest: string;
}

function encode({ chart, status, description, manifest, labels: _, ...rest }: Revision, at: string): string {
  const info = { first_deployed: at, last_deployed: at, deleted: '', description, status };
  const text = manifest.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
  const wire: Wire = { ...rest, info, chart: { metadata: chart }, manifest: text };
  const packed = gzipSync(JSON.stringify(wire), { level: 1 }).toString('base64');
  return Buffer.from(packed).toString('base64');
}

function decode(secret: Obj): Revision {
  const data = (secret['data'] as { release: string }).release;
  const packed = Buffer.from(Buffer.from(data, 'base64').toString(), 'base64');
  const { info, chart, manifest, name, namespace, version, config } = JSON.parse(gunzipSync(packed).toString()) as Wire;
  return {
    name,
    namespace,
    version,
    config,
    // Labels win: a status that somebody has set there counts.
    status: (secret.metadata.labels?.['status'] as ReleaseStatus | undefined) ?? info.status,
    description: info.description,
    chart: chart.metadata,
    manifest: manifest
      .split('---\n')
      .filter((text) => text !== '')
      .map((text) => JSON.parse(text) as Obj),
    labels: secret.metadata.labels ?? {},
  };
}
