import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { drillPage } from '../../src/cli/views/drill-page.js';
import type { DrillReport } from '../../src/workflows/drill/report.js';
import { chromiumMissing, type ShownPage, showPage } from '../support/chromium.js';

const times = {
  noticedMs: 2000,
  detachedMs: 5000,
  podsReadyMs: 9000,
  capacityMs: undefined,
  dataMs: 10_000,
  url: { failedSeconds: 8, answeredMs: 10_000 },
};
const report: DrillReport = {
  at: '2026-11-20T10:00:00Z',
  kind: 'db-loss',
  claim: 'shop/data-db-0',
  dataAgeMs: 42_000,
  complete: true,
  times,
  cluster: 'demo',
  provider: 'sandbox',
  url: 'https://shop.example/',
  before: { attached: 1, pods: 1, data: true },
  samples: Array.from({ length: 21 }, (_, second) => ({
    atMs: second * 1000,
    cluster: undefined,
    answered: second < 2 || second > 9,
  })),
  earlier: [
    {
      at: '2026-11-13T10:00:00Z',
      kind: 'db-loss',
      claim: 'shop/data-db-0',
      complete: true,
      times: { ...times, dataMs: 61_000 },
    },
  ],
  simulated: ['workloads'],
};

interface Box {
  readonly text: string;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly color: string;
}

describe.skipIf(chromiumMissing)(`the page of a drill in Chromium ${chromiumMissing ?? ''}`, () => {
  let folder: string;
  let page: ShownPage;
  const boxes = (selector: string): Promise<readonly Box[]> =>
    page.evaluate(
      `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => {
        const { left, top, width, height } = one.getBoundingClientRect();
        return { text: one.textContent, left, top, width, height, color: getComputedStyle(one).fill };
      })`,
    );
  const named = async (text: string): Promise<Box> => (await boxes('svg text')).find((one) => one.text === text)!;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-page-'));
    const file = join(folder, 'drill.html');
    await writeFile(file, drillPage(report));
    page = await showPage(pathToFileURL(file).href, { width: 1000, height: 900 });
  });
  afterAll(async () => {
    await page?.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('shows a bar for each time beside its name, as long as it took', async () => {
    const bars = await boxes('svg .bar');
    const marks = ['noticed', 'volumes detached', 'pods Ready elsewhere', 'address answered again', 'data back'];
    const seconds = [2, 5, 9, 10, 10];
    expect(bars).toHaveLength(marks.length);
    expect(await boxes('svg .never')).toHaveLength(0);
    const aSecond = bars[0]!.width / 2;
    for (const [row, mark] of marks.entries()) {
      const [label, bar] = [await named(mark), bars[row]!];
      expect(Math.abs(bar.width / aSecond - seconds[row]!)).toBeLessThan(0.1);
      expect(label.left + label.width, mark).toBeLessThan(bar.left);
      // Side by side: a name and its bar are seen as one row.
      expect(Math.abs(label.top + label.height / 2 - (bar.top + bar.height / 2)), mark).toBeLessThan(bar.height / 2);
      expect(bar.color).toBe('rgb(59, 125, 216)');
    }
  });

  it('shows a tick for each second that the address was asked in, those that failed in another colour', async () => {
    const [good, failed, [bar]] = [await boxes('svg .ok'), await boxes('svg .failed'), await boxes('svg .bar')];
    expect([good.length, failed.length]).toEqual([13, 8]);
    expect(new Set([...good, ...failed].map(({ color }) => color)).size).toBe(2);
    // From the second second to the tenth, on the scale of the bars.
    const aSecond = bar!.width / 2;
    expect(Math.round((failed[0]!.left - bar!.left) / aSecond)).toBe(2);
    expect(Math.round((failed.at(-1)!.left - bar!.left) / aSecond)).toBe(9);
    for (const { width, height } of [...good, ...failed]) expect(Math.min(width, height)).toBeGreaterThan(0);
  });

  it('has nothing beyond its edges, no text upon text, and all numbers of this drill and the one before', async () => {
    const [picture] = await boxes('svg');
    const texts = await boxes('svg text');
    for (const { text, left, top, width, height } of texts) {
      expect(left, text).toBeGreaterThanOrEqual(picture!.left - 1);
      expect(left + width, text).toBeLessThanOrEqual(picture!.left + picture!.width + 1);
      expect(top + height, text).toBeLessThanOrEqual(picture!.top + picture!.height + 1);
    }
    const overlapping = texts.flatMap((one, index) =>
      texts
        .slice(index + 1)
        .filter(
          (other) =>
            one.left < other.left + other.width &&
            other.left < one.left + one.width &&
            one.top + 3 < other.top + other.height &&
            other.top + 3 < one.top + one.height,
        )
        .map((other) => `${one.text} on ${other.text}`),
    );
    expect(overlapping).toEqual([]);
    const rows: string[][] = await page.evaluate(
      `[...document.querySelectorAll('tr')].map((row) => [...row.children].map((cell) => cell.innerText))`,
    );
    expect(rows.map((row) => row.at(-2))).toEqual(['data back', '10.0 s', '61.0 s']);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    expect(await page.evaluate('document.body.innerText')).toContain('42.0 s between its copy and the loss');
  });

  it('asks for nothing but itself, and the browser has nothing to complain of', () => {
    expect(page.requests.map((url) => url.split('/').at(-1))).toEqual(['drill.html']);
    expect(page.complaints).toEqual([]);
  });
});
