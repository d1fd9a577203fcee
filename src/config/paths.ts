import { homedir } from 'node:os';
import { resolve } from 'node:path';

import type { ComponentsSpec } from '../domain/spec/components.js';
import type { LibvirtSpec } from '../domain/spec/libvirt.js';
import type { ClusterSpec } from '../domain/spec/schema.js';

/** A path as a cluster file in `folder` means it. */
export const absolutePath = (path: string, folder: string, home: string = homedir()): string =>
  path.startsWith('~/') ? resolve(home, path.slice(2)) : resolve(folder, path);

/**
 * The same specification with every path absolute: relative ones are meant from the file's folder, `~/` from the
 * home folder. A record of it can then be used from anywhere on this computer.
 */
export function withAbsolutePaths(spec: ClusterSpec, folder: string, home: string = homedir()): ClusterSpec {
  const absolute = (path: string): string => absolutePath(path, folder, home);
  const { provider, kubernetes, components, tenantsFrom } = spec;
  return {
    ...spec,
    provider: {
      ...provider,
      ...(provider.identity === undefined ? {} : { identity: absolute(provider.identity) }),
      ...(provider.libvirt ? { libvirt: libvirtWithAbsolutePaths(provider.libvirt, absolute) } : {}),
    },
    kubernetes: { ...kubernetes, ...(kubernetes.bundle === undefined ? {} : { bundle: absolute(kubernetes.bundle) }) },
    ...(components ? { components: componentsWithAbsolutePaths(components, absolute) } : {}),
    ...(tenantsFrom === undefined ? {} : { tenantsFrom: absolute(tenantsFrom) }),
  };
}

const libvirtWithAbsolutePaths = (spec: LibvirtSpec, absolute: (path: string) => string): LibvirtSpec => ({
  ...spec,
  images: spec.images.map((image) => ('file' in image ? { ...image, file: absolute(image.file) } : image)),
});

/** Folders of components, and the files that secrets are in. */
export function componentsWithAbsolutePaths(
  components: ComponentsSpec,
  absolute: (path: string) => string,
): ComponentsSpec {
  const named = Object.entries(components).map(([name, settings]) => {
    if (typeof settings !== 'object' || Array.isArray(settings) || !settings.secrets) return [name, settings] as const;
    const secrets = Object.entries(settings.secrets).map(
      ([variable, source]) => [variable, 'file' in source ? { file: absolute(source.file) } : source] as const,
    );
    return [name, { ...settings, secrets: Object.fromEntries(secrets) }] as const;
  });
  return Object.assign(Object.fromEntries(named) as ComponentsSpec, {
    preset: components.preset,
    folders: components.folders.map(absolute),
  });
}
