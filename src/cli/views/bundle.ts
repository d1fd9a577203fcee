import { table } from '../../ui/index.js';
import type { BundleView } from '../../workflows/bundle/verify.js';

/** A bundle whose files are all as they should be, for people. */
export function renderBundle({ folder, version, source, architectures, files, bytes }: BundleView): string {
  return [
    `${folder} is in order: k3s ${version} for ${architectures.join(' and ')}, ${size(bytes)}${source === 'local' ? ', its program given as a file' : ''}.`,
    '',
    table(
      ['FILE', 'SIZE', 'SHA-256'],
      files.map((file) => [file.name, size(file.bytes), file.sha256]),
    ),
    '',
    'Use it in a cluster file:',
    `  kubernetes: {version: ${version}, bundle: ${folder}}`,
  ].join('\n');
}

function size(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.max(1, Math.round(bytes / 1024))} KiB` : `${Math.round(bytes / 2 ** 20)} MiB`;
}
