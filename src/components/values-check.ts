import { describe, type Validate } from './options.js';
import type { JsonSchema } from '../domain/source/json-schema.js';
import type { Chart, OptionProblem } from './types.js';

/** What a derived schema says of itself; a raised pin without a new schema does not go unseen. */
export const schemaComment = ({ name, version }: Pick<Chart, 'name' | 'version'>): string =>
  `${name} ${version}: keys and types of its values, by npm run values:schemas.`;

/**
 * A check of the user's values for a chart, compiled when it is first used. What lies under them (Slipway's own values
 * and the chart's defaults) is not known to it, so that only entries of lists can lack
 * something; a null takes out and is allowed everywhere.
 * @param text of `values.schema.json`, read when it is first used
 * @param compile makes a function of a schema
 * @param unsound makes the error to throw for a schema that is none
 */
export function valuesCheck(
  text: () => string,
  compile: (schema: JsonSchema) => Validate,
  unsound: (reason: string) => Error,
): (values: Readonly<Record<string, unknown>>) => readonly OptionProblem[] {
  let compiled: Validate | undefined;
  return (values) => {
    try {
      compiled ??= compile(JSON.parse(text()) as JsonSchema);
    } catch (error) {
      throw unsound(error instanceof Error ? error.message : 'it cannot be read');
    }
    if (compiled(values)) return [];
    const inList = /\/\d+(\/|$)/;
    return describe(
      (compiled.errors ?? []).filter(
        ({ data, keyword, instancePath }) => data !== null && (keyword !== 'required' || inList.test(instancePath)),
      ),
      [],
    );
  };
}
