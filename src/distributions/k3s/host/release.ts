import { UsageError } from '../../../errors/index.js';

const releases = 'https://github.com/k3s-io/k3s/releases/download';

/**
 * Folder of a release's files, without a slash at the end. `+` is a space to some servers, so it is always encoded.
 * @throws UsageError code BAD_K3S_VERSION
 */
export function releaseUrl(version: string, base: string = releases): string {
  if (!/^v\d+\.\d+\.\d+(-[a-z0-9.]+)?\+k3s\d+$/.test(version)) {
    throw new UsageError(`${version} is no k3s release.`, {
      code: 'BAD_K3S_VERSION',
      hint: 'Write it as on the release page: v1.36.5+k3s1.',
    });
  }
  return `${base.replace(/\/+$/, '')}/${encodeURIComponent(version)}`;
}
