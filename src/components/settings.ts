import { nearest } from '../domain/nearest.js';
import { pathText } from '../domain/source/problems.js';
import type { ComponentSettings } from '../domain/spec/components.js';
import type { Component, OptionProblem } from './types.js';
import { jsonText } from './yaml-text.js';

/** What settings may name. */
export interface SettingsScope {
  readonly pools: readonly string[];
  /** Environment variables of its secrets, and of those that go with it. */
  readonly variables: readonly string[];
}

/** Whether a component has a use for `pool` or `storage`. */
export function usesSetting(component: Component, setting: 'pool' | 'storage'): boolean {
  const words = setting === 'pool' ? ['pool', 'placement'] : [setting];
  return [component.values, ...component.before, ...component.manifests].some((template) =>
    words.some((word) => template?.uses.has(word)),
  );
}

/** What is wrong with the settings that every component has; its own options aside. Nothing is silently of no use. */
export function settingsProblems(
  component: Component,
  settings: ComponentSettings,
  scope: SettingsScope,
): OptionProblem[] {
  const { pool, storage, version, values, checkValues, secrets } = settings;
  const problems: OptionProblem[] = [];
  const report = (path: OptionProblem['path'], message: string, atKey = false): void => {
    problems.push({ path, message, ...(atKey ? { atKey } : {}) });
  };
  if (pool !== undefined && !usesSetting(component, 'pool'))
    report(['pool'], 'it has nothing that could live on a pool', true);
  if (pool !== undefined && !scope.pools.includes(pool))
    report(['pool'], `there is no pool ${pool}; ${meant(pool, scope.pools, 'one of ', '(there are no pools)')}`);
  if (storage !== undefined && !usesSetting(component, 'storage'))
    report(['storage'], 'it keeps nothing on volumes', true);
  if (component.chart === undefined) {
    if (version !== undefined) report(['version'], 'it has no chart, so no version', true);
    if (values !== undefined) report(['values'], 'it has no chart, so no values', true);
    if (checkValues !== undefined) report(['checkValues'], 'it has no chart, so no values', true);
  } else {
    const wrong = unfit(values);
    if (wrong !== undefined) report(['values'], wrong);
    // What another version takes is not known here; see `valuesWarnings`.
    else if (checkValues !== false && isPinned(component, version)) problems.push(...valuesProblems(component, values));
  }
  for (const variable of Object.keys(secrets ?? {}))
    if (!scope.variables.includes(variable))
      report(
        ['secrets', variable],
        `it has no such secret; ${meant(variable, scope.variables, 'it has: ', 'none')}`,
        true,
      );
  return problems;
}

const isPinned = ({ chart }: Component, version: string | undefined): boolean =>
  version === undefined || version === chart?.version;

function valuesProblems(component: Component, values: ComponentSettings['values']): OptionProblem[] {
  const found = values === undefined ? [] : (component.checkValues?.(values) ?? []);
  return found.map(({ path, ...rest }) => ({ path: ['values', ...path], ...rest }));
}

/** What the pinned version of a chart would refuse, where the file asks for another: that one may know it. */
export function valuesWarnings(component: Component, settings: ComponentSettings): string[] {
  const { version, values, checkValues } = settings;
  if (checkValues === false || isPinned(component, version)) return [];
  return valuesProblems(component, values).map(
    ({ path, message }) =>
      `${component.name}: ${pathText(path)}: ${message}, in chart version ${component.chart?.version ?? ''}; ${version ?? ''} may differ.`,
  );
}

function meant(typed: string, known: readonly string[], before: string, none: string): string {
  const near = nearest(typed, known);
  return near === undefined ? `${before}${known.join(', ') || none}` : `did you mean ${near}?`;
}

/** Why values cannot be handed on as YAML; undefined: they can. */
function unfit(values: unknown): string | undefined {
  try {
    jsonText(values ?? {});
    return undefined;
  } catch (error) {
    return error instanceof TypeError ? error.message : 'cannot be written as YAML';
  }
}
