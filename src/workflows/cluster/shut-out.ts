import { SlipwayError } from '../../errors/index.js';
import type { ClusterFolder } from '../../workspace/types.js';
import type { WorkflowContext } from '../context.js';
import { explainingExpired } from './certificates.js';

/** What was found, or why the API lets nobody in with the credentials that are kept here, and what repairs that. */
export async function unlessShutOut<T>(
  { clock }: Pick<WorkflowContext, 'clock'>,
  folder: Pick<ClusterFolder, 'name' | 'kubeconfig'>,
  looking: Promise<T>,
): Promise<{ readonly found: T } | { readonly shutOut: string }> {
  try {
    return { found: await looking };
  } catch (error) {
    if (!(error instanceof SlipwayError && error.code === 'KUBE_UNAUTHORIZED')) throw error;
    const kubeconfig = await folder.kubeconfig();
    const told = await explainingExpired(folder.name, kubeconfig, clock.now(), () => Promise.reject(error)).catch(
      (why: unknown) => why as SlipwayError,
    );
    const hint = told === error ? `Fetch them again: slipway cluster adopt ${folder.name}` : told.hint;
    return { shutOut: `${told.message} ${hint}` };
  }
}
