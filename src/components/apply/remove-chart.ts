import { IncompleteError } from '../../errors/index.js';
import { chartKind, chartNamespace, deleteJob, jobKind, jobState } from './chart.js';
import type { ComponentRun, ComponentTools } from './tools.js';
import { FailureLog } from './helm-log.js';
import { listKnown } from './facts.js';
import { componentDeadlines } from './deadlines.js';

/**
 * Deletes a HelmChart and waits until the controller's job has uninstalled the release; one already gone is success.
 * @throws IncompleteError codes COMPONENT_FAILED, COMPONENT_NOT_GONE
 */
export async function removeChart(tools: ComponentTools, release: string, run: ComponentRun): Promise<void> {
  const ref = { ...chartKind, metadata: { name: release, namespace: chartNamespace } };
  const charts = await listKnown(tools.kube, chartKind, { namespace: chartNamespace }, run);
  if (!charts.some(({ metadata }) => metadata.name === release)) return;
  await tools.kube.delete(ref, run);
  await waitUntilGone(tools, release, run);
}

export async function waitUntilGone(tools: ComponentTools, release: string, run: ComponentRun): Promise<void> {
  const { kube } = tools;
  const log = new FailureLog(kube, { name: deleteJob(release) }, run);
  try {
    const outcome = await kube.until(
      {
        what: `${release} to be uninstalled`,
        code: 'COMPONENT_NOT_GONE',
        kinds: [
          { ...chartKind, namespace: chartNamespace },
          { ...jobKind, namespace: chartNamespace },
        ],
        check: (view, say) => {
          const metadata = { name: release, namespace: chartNamespace };
          if (!view.get({ ...chartKind, metadata })) return 'gone';
          const job = view.get({ ...jobKind, metadata: { ...metadata, name: deleteJob(release) } });
          say(job ? 'helm is uninstalling it' : 'the helm controller has not begun yet');
          return job && jobState(job) === 'failed' ? 'failed' : undefined;
        },
      },
      {
        ...run,
        deadlineMs: componentDeadlines.gone,
        hint: `Look at it: slipway component status ${tools.cluster}`,
      },
    );
    if (outcome === 'gone') return;
    throw new IncompleteError(`${release} could not be uninstalled: helm’s job gave up.`, {
      code: 'COMPONENT_FAILED',
      hint: `See it as it is now: slipway component status ${tools.cluster}`,
      details: (await log.lines()) ?? ['its log is gone by now'],
    });
  } finally {
    log.close();
  }
}
