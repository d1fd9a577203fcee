import { expect, it } from 'vitest';

import { drillPage } from '../../src/cli/views/drill-page.js';
import type { DrillReport } from '../../src/workflows/drill/report.js';

const times = {
  noticedMs: 2000,
  detachedMs: undefined,
  podsReadyMs: 9000,
  capacityMs: undefined,
  url: { failedSeconds: 4, answeredMs: 9000 },
};
const record = { at: '2026-11-20T10:00:00Z', kind: 'node-loss' as const, pool: 'web', complete: true, times };
const report: DrillReport = {
  ...record,
  cluster: 'demo',
  provider: 'sandbox',
  node: 'demo-web-1-<script>alert(1)</script>',
  url: 'https://shop.example/?a="&b',
  before: { attached: 0, pods: 2, readyNodes: 2 },
  samples: Array.from({ length: 20 }, (_, second) => ({
    atMs: second * 1000,
    cluster: undefined,
    answered: second < 2 || second > 5,
  })),
  earlier: [{ ...record, node: 'demo-web-2', times: { ...times, capacityMs: 61_000 } }],
  simulated: ['workloads'],
};

it('the page of a drill shows each time as a bar and each second as a tick, beside earlier drills', () => {
  const page = drillPage(report);
  for (const text of [
    'noticed',
    '2.0 s',
    'pods Ready elsewhere',
    '9.0 s',
    'capacity back',
    'never',
    '61.0 s',
    'Simulated, not real: workloads.',
  ])
    expect(page).toContain(text);
  // What was not there is no bar.
  expect(page.match(/<svg[\s\S]*<\/svg>/)![0]).not.toContain('volumes detached');
  expect(page.match(/class="failed"/g)).toHaveLength(4);
  expect(page.match(/class="ok"/g)).toHaveLength(16);
});

it('the page of a drill needs nothing from anywhere, and names from outside are only text on it', () => {
  const page = drillPage(report);
  expect(page).not.toMatch(/<script|<link|<img|src=|@import|url\(/);
  expect(page.replaceAll('http://www.w3.org/2000/svg', '').match(/https?:\/\/[^\s<]+/g)).toEqual([
    'https://shop.example/?a=&#34;&#38;b',
  ]);
  // Every element is closed, in its order.
  const open: string[] = [];
  for (const [, close, name, self] of page.matchAll(/<(\/?)([a-z0-9]+)[^>]*?(\/?)>/g)) {
    if (self === '/' || ['meta'].includes(name!)) continue;
    if (close === '') open.push(name!);
    else expect(open.pop()).toBe(name);
  }
  expect(open).toEqual([]);
});
