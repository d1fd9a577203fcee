import { plural } from '../../domain/index.js';
import type { ComponentList } from '../../workflows/component/list.js';
import type { Requests } from '../../components/types.js';

/** What components ask of nodes, for people: `350m`, `912 MiB`, `3 × 10 GiB`. */
export function amount({ cpuMilli, memoryMiB, volumes }: Requests): readonly [string, string, string] {
  return [
    cpuMilli >= 1000 ? (cpuMilli / 1000).toFixed(1) : `${cpuMilli}m`,
    memoryMiB >= 1024 ? `${(memoryMiB / 1024).toFixed(1)} GiB` : `${memoryMiB} MiB`,
    volumes.map(({ sizeGiB, count }) => `${count} × ${sizeGiB} GiB`).join(', '),
  ];
}

/** For people: `3 servers`, `3 servers and 2 workers`. */
export const nodesText = ({ servers, workers }: ComponentList['nodes']): string =>
  `${plural(servers, 'server')}${workers === 0 ? '' : ` and ${plural(workers, 'worker')}`}`;
