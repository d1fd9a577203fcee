import { SlipwayError } from '../../errors/index.js';

/** What was found, or why the API lets nobody in with the credentials that are kept here. */
export async function unlessShutOut<T>(
  looking: Promise<T>,
): Promise<{ readonly found: T } | { readonly shutOut: string }> {
  try {
    return { found: await looking };
  } catch (error) {
    if (error instanceof SlipwayError && error.code === 'KUBE_UNAUTHORIZED') return { shutOut: error.message };
    throw error;
  }
}
