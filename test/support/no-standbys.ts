import type { Standbys } from '../../src/domain/index.js';

/** Of a cluster that has none and asks for none. */
export const noStandbys: Standbys = { missing: [], current: [], excess: [] };
