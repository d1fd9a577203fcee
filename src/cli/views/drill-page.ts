import type { DrillReport } from '../../workflows/drill/report.js';
import { drillMarks, isMeasured, lostText, seconds } from './drill.js';

const width = 900;
const left = 190;
const rowHeight = 34;

/** A page of its own, that needs nothing from anywhere: the timeline as a picture, the numbers, and earlier drills. */
export function drillPage(report: DrillReport): string {
  const { cluster, provider, pool, at, url, earlier, simulated, dataAgeMs } = report;
  const title = `Drill: ${cluster} lost ${lostText(report)}`;
  const what = pool === undefined ? 'A volume' : `A machine of pool ${pool}`;
  const marks = drillMarks.filter(([name]) => isMeasured(name, report));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
svg { width: 100%; height: auto; }
svg text { font: 13px system-ui, sans-serif; fill: currentColor; }
table { border-collapse: collapse; margin-top: 1rem; }
td, th { text-align: left; padding: .2rem 1rem .2rem 0; border-bottom: 1px solid #8884; }
.bar { fill: #3b7dd8; } .never { fill: #c9c9c9; } .ok { fill: #2f9e44; } .failed { fill: #d6336c; } .grid { stroke: #8885; }
</style>
</head>
<body>
<h1>${escaped(title)}</h1>
<p>${escaped(what)} at ${escaped(provider)} was lost on purpose at ${escaped(at)}.${simulated.length > 0 ? ` Simulated, not real: ${escaped(simulated.join(', '))}.` : ''}${url === undefined ? '' : ` ${escaped(url)} was asked each second.`}${dataAgeMs === undefined ? '' : ` What was written in the ${seconds(dataAgeMs)} between its copy and the loss is lost.`}</p>
${picture(report)}
<table>
<tr><th>Drill</th>${marks.map(([name]) => `<th>${escaped(name)}</th>`).join('')}<th>failed seconds</th></tr>
${[...earlier, report]
  .slice(-10)
  .reverse()
  .map(
    (one) =>
      `<tr><td>${escaped(one.at.slice(0, 16).replace('T', ' '))} ${escaped(lostText(one))}</td>${marks.map(([, of]) => `<td>${of(one.times) === undefined ? '–' : seconds(of(one.times))}</td>`).join('')}<td>${one.times.url?.failedSeconds ?? '–'}</td></tr>`,
  )
  .join('\n')}
</table>
</body>
</html>
`;
}

/** A bar for each thing that was measured, and a tick for each second that the address was asked in. */
function picture(report: DrillReport): string {
  const { samples, times } = report;
  const marks = drillMarks.filter(([name]) => isMeasured(name, report));
  const end = Math.max(1, ...samples.map(({ atMs }) => atMs));
  const x = (ms: number): number => Math.round((left + (ms / end) * (width - left - 70)) * 10) / 10;
  const probes = samples.filter(({ answered }) => answered !== undefined);
  const rows = marks.length + (probes.length > 0 ? 1 : 0);
  const height = rows * rowHeight + 40;
  const bars = marks.map(([name, of], row) => {
    const ms = of(times);
    const y = row * rowHeight + 8;
    const bar = `<rect class="${ms === undefined ? 'never' : 'bar'}" x="${left}" y="${y}" width="${Math.max(2, x(ms ?? end) - left)}" height="18"/>`;
    return `<text x="0" y="${y + 14}">${escaped(name)}</text>${bar}<text x="${x(ms ?? end) + 6}" y="${y + 14}">${ms === undefined ? 'never' : seconds(ms)}</text>`;
  });
  const y = marks.length * rowHeight + 8;
  const ticks = probes.map(
    ({ atMs, answered }) =>
      `<rect class="${answered ? 'ok' : 'failed'}" x="${x(atMs)}" y="${y}" width="${Math.max(1, Math.min(6, x(1000) - left - 1))}" height="18"/>`,
  );
  const grid = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<line class="grid" x1="${x(part * end)}" x2="${x(part * end)}" y1="0" y2="${height - 30}"/><text x="${x(part * end)}" y="${height - 12}">${Math.round((part * end) / 1000)} s</text>`,
  );
  return `<svg role="img" aria-label="Timeline of the drill" viewBox="0 0 ${width} ${height}" xmlns="http://www.w3.org/2000/svg">
${[...grid, ...bars, ...(ticks.length > 0 ? [`<text x="0" y="${y + 14}">address</text>`, ...ticks] : [])].join('\n')}
</svg>`;
}

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
