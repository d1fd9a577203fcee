import type { ComponentsCheck } from '../config/index.js';
import type { SpecProblem } from '../domain/spec/rules.js';
import { UsageError } from '../errors/index.js';

/** Holds what a file says of components against the catalogue; the provider's part is looked at once it is open. */
export const checkComponents: ComponentsCheck = async (components, pools) => {
  const { componentFolders, hasValues, readCatalogue, selectComponents } = await import('../components/index.js');
  const unreadable: SpecProblem[] = [];
  for (const [index, folder] of components.folders.entries()) {
    try {
      await componentFolders(folder);
    } catch (error) {
      if (!(error instanceof UsageError) || error.code !== 'NO_COMPONENT_FOLDER') throw error;
      unreadable.push({ path: ['components', 'folders', index], message: error.message });
    }
  }
  // What is in a folder that cannot be read would be unknown for that reason alone.
  if (unreadable.length > 0) return unreadable;
  const catalogue = await readCatalogue(components.folders, undefined, { hasValues: hasValues(components) });
  return selectComponents(catalogue, { components, pools, provider: undefined }).problems;
};
