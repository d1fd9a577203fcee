export interface ImageProblem {
  readonly reason: 'InvalidImageName' | 'ImagePullBackOff';
  readonly message: string;
}

const component = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const host = '(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)(?:\\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*(?::\\d+)?';
const reference = new RegExp(
  `^(?:(?<host>${host})/)?${component}(?:/${component})*(?::\\w[\\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$`,
);

/** Names below this one are reserved to resolve nowhere (RFC 2606). */
const nowhere = '.invalid';

/**
 * Why an image can certainly not be had: its name is none, or its registry is under `.invalid`. Of all others the
 * sandbox cannot know, as it asks no registry.
 */
export function imageProblem(image: string): ImageProblem | undefined {
  const found = reference.exec(image);
  if (!found)
    return {
      reason: 'InvalidImageName',
      message: `Failed to apply default image tag "${image}": couldn't parse image name "${image}": invalid reference format`,
    };
  const registry = found.groups?.['host'] ?? '';
  const name = registry.replace(/:\d+$/, '').toLowerCase();
  if (!name.endsWith(nowhere)) return undefined;
  return unavailable(
    image,
    `failed to do request: Head "https://${registry}/v2/": dial tcp: lookup ${name}: no such host`,
  );
}

/** An image that a registry refuses. */
export const unavailable = (image: string, why: string): ImageProblem => ({
  reason: 'ImagePullBackOff',
  message: `Back-off pulling image "${image}": ErrImagePull: failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${why}`,
});
