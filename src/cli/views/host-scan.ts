import type { ScannedHost } from '../../workflows/host/scan.js';

const words: Readonly<Record<ScannedHost['state'], string>> = {
  known: 'shows the key of the file',
  new: 'is new',
  differs: 'DIFFERS: shows other keys than the file has',
  silent: 'does not answer',
};

/** Hosts with their keys, and where to compare each. */
export function renderScan(hosts: readonly ScannedHost[]): string {
  return hosts
    .map(({ name, address, port, state, keys, pinned, error }) => {
      const head = `${name} (${address}${port === 22 ? '' : `:${port}`}) ${words[state]}${error === undefined ? '' : `: ${error}`}`;
      const lines = keys.flatMap((key) => {
        const mark = pinned.includes(key.fingerprint) ? '  (in the file)' : '';
        return [
          `  ${key.type.replace(/^ssh-/, '').padEnd(20)} ${key.fingerprint}${mark}`,
          `    on the host: ${key.compare}`,
        ];
      });
      const missing = state === 'differs' ? pinned.map((print) => `  in the file          ${print}`) : [];
      return [head, ...lines, ...missing].join('\n');
    })
    .join('\n\n');
}
