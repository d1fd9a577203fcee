import { renderPlan } from '../../ui/index.js';
import type { ImageBuildResult } from '../../workflows/image/build.js';
import type { PreparedImage } from '../../workflows/image/images.js';

export function builtImageText({ cluster, dryRun, name, image, steps }: ImageBuildResult): string {
  if (dryRun && steps.length > 0) return renderPlan(steps);
  const what = image ? `${name} (${image.architecture ?? 'any architecture'}, ${image.id})` : name;
  if (steps.length === 0) return `${what} is there already. No changes.`;
  return [`${what} is ready.`, `Name it in the file of ${cluster}: image: ${name}`].join('\n');
}

/** One for each image, in the order of the table's head. */
export const imageRows = (images: readonly PreparedImage[]): string[][] =>
  images.map(({ id, name, architecture, sizeGB, diskGB, createdAt, ready }) => [
    id,
    name,
    architecture ?? '?',
    ready ? (sizeGB === undefined ? '?' : `${sizeGB} GB`) : 'being made',
    `${diskGB} GB`,
    createdAt.slice(0, 10),
  ]);
