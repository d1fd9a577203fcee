import { expect, it } from 'vitest';

import { findChart } from '../../../../providers/sandbox/helm/registry.js';
import { readCatalogue } from '../../../../src/components/index.js';

const { components } = await readCatalogue();
const pinned = [...components.values()].flatMap(({ name, chart }) => (chart ? [{ name, chart }] : []));

it.each(pinned)('the sandbox has the chart of $name where and in the version that it pins', ({ chart }) => {
  const order = { name: 'it', version: chart.version };
  const from =
    chart.oci === undefined
      ? { chart: chart.name, repository: chart.repository! }
      : { chart: chart.oci, repository: '' };
  expect(findChart({ ...order, ...from } as never, false).name).toBe(chart.name);
});

it.each(pinned)('the sandbox has no chart of $name two minor versions ahead of its pin', ({ chart }) => {
  const [major, minor] = chart.version.replace(/^v/, '').split('.').map(Number);
  const order = { name: 'it', version: `${major}.${minor! + 2}.0` };
  const from = { chart: chart.oci ?? chart.name, repository: chart.repository ?? '' };
  expect(() => findChart({ ...order, ...from } as never, false)).toThrow('not found');
});
